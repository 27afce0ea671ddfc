// The hooks that protocol 002's document names and does not print, as small as its components need them.
import { useEffect, useState } from 'react';
import { io } from 'socket.io-client';

/** One connection for all of the page. */
export const socket = io(CONFIG.url, { auth: { token: CONFIG.token } });

export function useWebSocket() {
  const [connectionState, setState] = useState({ connected: false, error: null });
  useEffect(() => {
    const shown = () => setState({ connected: socket.connected, error: null });
    const refused = error => setState({ connected: false, error: error.message });
    socket.on('connected', shown).on('disconnect', shown).on('connect_error', refused);
    shown();
    return () => socket.off('connected', shown).off('disconnect', shown).off('connect_error', refused);
  }, []);
  return { connectionState, connect: () => socket.connect(), disconnect: () => socket.disconnect() };
}

/** Listens while `id` is shown; subscribed to anew after each connect. */
function useSubscription(subject, id, listeners) {
  useEffect(() => {
    const subscribe = () => socket.emit(`subscribe_${subject}`, id);
    socket.on('connect', subscribe);
    for (const [name, listener] of Object.entries(listeners)) socket.on(name, listener);
    if (socket.connected) subscribe();
    return () => {
      socket.off('connect', subscribe);
      for (const [name, listener] of Object.entries(listeners)) socket.off(name, listener);
      socket.emit(`unsubscribe_${subject}`, id);
    };
  }, [subject, id]);
}

export function useExecutionWebSocket(executionId) {
  const [told, setTold] = useState({ executionData: null, progress: null, steps: [], logs: [], isComplete: false });
  useSubscription('execution', executionId, {
    execution_event: ({ type, execution_id, data }) => {
      if (execution_id !== executionId) return;
      setTold(told => {
        switch (type) {
          case 'execution_progress': return { ...told, progress: data };
          case 'step_start': return { ...told, steps: [...told.steps, data] };
          case 'step_complete': return { ...told, steps: told.steps.map(step => (step.step_id === data.step_id ? data : step)) };
          case 'log': return { ...told, logs: [...told.logs, data] };
          case 'execution_complete': return { ...told, executionData: data, isComplete: true };
          default: return told;
        }
      });
    },
  });
  return told;
}

export function useBrowserWebSocket(sessionId) {
  const [browserState, setState] = useState(null);
  const [livePreview, setPreview] = useState(null);
  useSubscription('browser_session', sessionId, {
    browser_control: ({ session_id, data }) => session_id === sessionId && setState(data),
    live_preview: ({ session_id, data }) => session_id === sessionId && setPreview(data),
  });
  const sendBrowserCommand = (command, parameters) =>
    socket.emit('browser_command', { session_id: sessionId, command, parameters });
  return { browserState, livePreview, sendBrowserCommand };
}

/** The badge that the document describes. */
export default function WebSocketStatus({ variant, showRetryButton }) {
  const { connectionState: { connected }, connect } = useWebSocket();
  return (
    <span role="status" className={variant}>
      {connected ? 'Live Connected' : 'Disconnected'}
      {showRetryButton && !connected && <button onClick={connect}>Retry</button>}
    </span>
  );
}
