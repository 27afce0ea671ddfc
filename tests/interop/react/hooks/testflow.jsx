// The hook that protocol 000's document imports and does not print, around the connection that it does print.
import { socket } from 'seed:000/connection';

export const useWebSocket = () => ({ socket });
