// Aria snapshots: accessibility trees as YAML or JSON.
import { apiCall } from '../op.js';

/** In the order in which they are told. */
const MEMBERS = ['role', 'name', 'checked', 'disabled', 'expanded', 'active', 'invalid', 'level', 'pressed', 'selected', 'ref', 'cursor', 'box', 'url', 'placeholder', 'ariaHidden', 'text', 'children'];

/** `target` is of what, `about` says it to people. */
export function ariaSnapshot(api, about, target, { mode, depth, boxes } = {}) {
  return apiCall(`${api}.ariaSnapshot`, `Aria snapshot${about}`, 'locator.ariaSnapshot', { mode, depth, boxes, ...target }, {});
}

export async function ariaSnapshotJSON(api, about, target, { mode, depth, boxes } = {}) {
  return (await apiCall(`${api}.ariaSnapshotJSON`, `Aria snapshot JSON${about}`, 'locator.ariaSnapshotJSON', { mode, depth, boxes, ...target }, {})).map(inOrder);
}

function inOrder(node) {
  if (typeof node === 'string') return node;
  const ordered = {};
  for (const member of MEMBERS) if (member in node) ordered[member] = node[member];
  if (ordered.box) ordered.box = { x: node.box.x, y: node.box.y, width: node.box.width, height: node.box.height };
  if (ordered.children) ordered.children = node.children.map(inOrder);
  return ordered;
}
