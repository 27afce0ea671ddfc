// JavaScript values across the pipe: model/serialize.js, with handles beside.
import serializer from 'understudy:model/serialize.js';

/** `{ value, handles }` for an argument of `evaluate`. `handleId(value)` says which values are handles. */
export function argument(value, handleId) {
  const handles = [];
  const serialized = serializer.serialize(value, item => {
    const id = handleId(item);
    return id === undefined ? undefined : handles.push(id) - 1;
  });
  return { value: serialized, handles };
}

export const serialize = value => serializer.serialize(value);
export const deserialize = value => serializer.deserialize(value);

/** A regular expression for the host. */
export const regex = ({ source, flags }) => ({ source, flags });
export const isRegExp = value => Object.prototype.toString.call(value) === '[object RegExp]';
