//# sourceURL=understudy:hub/dashboard/agents.js
// The agents: a list of them, and what others want to know of one.
import { element, status } from './elements.js';

const $ = id => document.getElementById(id);
const WORDS = { online: ['Free', 'good'], busy: ['Busy', 'live'], offline: ['Offline', 'off'] };
const ORDER = ['busy', 'online', 'offline'];
const known = new Map();

/** An agent's name, as far as it is known. */
export const nameOf = id => known.get(id)?.name ?? id;
export const isAway = id => known.get(id)?.status === 'offline';
export const isMac = id => known.get(id)?.systemInfo?.platform === 'darwin';

/** Shows all agents, those that are there first. */
export function showAgents(agents) {
  for (const agent of agents) known.set(agent.agentId, agent);
  agents.sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name));
  const present = agents.filter(({ status: its }) => its !== 'offline');
  $('agents-none').hidden = present.length > 0;
  $('agents').replaceChildren(...agents.map(row));
  offer(present);
}

function row(agent) {
  const item = element('li');
  const word = element('span', 'status');
  status(word, WORDS[agent.status] ?? [agent.status, 'off']);
  const about = agent.systemInfo ?? {};
  const facts = [
    agent.status !== 'offline' && `${agent.running} of ${agent.maxSessions} running`,
    about.os ?? about.platform, about.chromiumVersion && `Chromium ${String(about.chromiumVersion).split('.')[0]}`,
    about.agentVersion && `understudy ${about.agentVersion}`,
    ...Object.entries(agent.labels ?? {}).map(([key, value]) => `${key}=${value}`),
  ];
  item.append(element('strong', '', agent.name), word, element('small', '', facts.filter(Boolean).join(' · ')));
  return item;
}

/** Who may be asked for a recording. One that is chosen stays chosen. */
function offer(agents) {
  const select = $('record-agent');
  const chosen = select.value;
  const options = agents.map(({ agentId, name, status: its }) => new Option(its === 'busy' ? `${name} (busy)` : name, agentId));
  select.replaceChildren(new Option('Any that is free', ''), ...options);
  if (agents.some(({ agentId }) => agentId === chosen)) select.value = chosen;
}
