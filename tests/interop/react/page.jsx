// Each hook and component of the documents in a region of its own.
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { MyComponent as Log } from 'seed:000/MyComponent';
import { BrowserController } from 'seed:002/BrowserController';
import { ExecutionMonitor } from 'seed:002/ExecutionMonitor';
import { Header } from 'seed:002/Header';
import { MyComponent as Connection } from 'seed:002/MyComponent';
import { useWebSocket as useSwe } from 'seed:003/useWebSocket';
import { Dashboard, useWebSocket as useCloud } from 'seed:004/Dashboard';
import { socket } from './hooks/testbro.jsx';

const { execution, session } = Object.fromEntries(new URLSearchParams(location.search));
// What a test says by itself.
globalThis.start = code => socket.emit('execution_start', { execution_id: execution, code });
globalThis.hangUp = () => socket.disconnect();

/** 003's hook, with what a component of its users does with it. */
function Project({ id }) {
  const { connected, subscribe, unsubscribe, on, off } = useSwe(CONFIG.token);
  const [answers, setAnswers] = useState([]);
  const answered = answer => setAnswers(before => [...before, answer]);
  const [updates, setUpdates] = useState([]);
  useEffect(() => {
    if (!connected) return;
    on('project.updated', ({ data }) => setUpdates(before => [...before, data.project_name]));
    subscribe(`project:${id}`).then(answered);
    return () => off('project.updated');
  }, [connected, id]);
  return (
    <>
      <p>{connected ? 'connected' : 'not connected'} {answers.map(({ status, room }) => `${status} ${room}`).join(', ')}</p>
      <p>Updates: {updates.join(', ')}</p>
      <button onClick={() => unsubscribe(`project:${id}`).then(answered)}>Leave</button>
    </>
  );
}

/** What 004's own component does not use of its hook. */
function Presence() {
  const { isConnected, notifications, sendPresence } = useCloud(CONFIG.token);
  return <button disabled={!isConnected} onClick={() => sendPresence('busy')}>Busy after {notifications.length} notifications</button>;
}

const part = (name, content) => <section aria-label={name}>{content}</section>;
createRoot(document.querySelector('main')).render(
  <>
    {part('log', <Log />)}
    {part('connection', <Connection />)}
    {part('header', <Header />)}
    {part('execution', <ExecutionMonitor executionId={execution} />)}
    {part('browser', <BrowserController sessionId={session} />)}
    {part('project', <Project id="550e8400-e29b-41d4-a716-446655440000" />)}
    {part('dashboard', <Dashboard />)}
    {part('presence', <Presence />)}
  </>,
);
