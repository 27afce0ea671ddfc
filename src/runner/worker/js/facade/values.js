// JavaScript values across the pipe: model/serialize.js, with handles beside.
import serializer from 'understudy:model/serialize.js';

/**
 * `{ value, handles }` for an argument of `evaluate`. `handleId(value)` says which values are handles, `expose(callback)` by which name
 * the page may call a function; without it there may be none.
 */
export function argument(value, handleId, expose) {
  if (!expose) refuseFunctions(value, handleId, '', new Set());
  const handles = [];
  const serialized = serializer.serialize(value, item => {
    if (expose && typeof item === 'function') return { fn: expose(item) };
    const id = handleId(item);
    return id === undefined ? undefined : handles.push(id) - 1;
  });
  return { value: serialized, handles };
}

/** A function would be lost silently. */
function refuseFunctions(value, handleId, path, seen) {
  if (typeof value === 'function') throw new Error(`Attempting to serialize unexpected value${path && ` at position "${path}"`}: ${value}`);
  if (typeof value !== 'object' || value === null || seen.has(value) || handleId(value) !== undefined || ArrayBuffer.isView(value)) return;
  seen.add(value);
  for (const key of Object.keys(value)) refuseFunctions(value[key], handleId, Array.isArray(value) ? `${path}[${key}]` : `${path && `${path}.`}${key}`, seen);
}

export const serialize = value => serializer.serialize(value);
export const deserialize = value => serializer.deserialize(value);

/** A regular expression for the host. */
export const regex = ({ source, flags }) => ({ source, flags });
export const isRegExp = value => Object.prototype.toString.call(value) === '[object RegExp]';
