//! Whatever happens to the agent, the way to the server, the server, the browser: each start that was accepted has exactly one end, what
//! was said comes in order, once, and nothing is left. `sim` plays ten thousand schedules on a clock that jumps, `real` some with
//! the real programs. `checker` says what must hold for both.

#![expect(clippy::unwrap_used, reason = "tests; clippy exempts only functions marked #[test]")]

mod chance;
mod checker;
#[path = "../support/end.rs"]
mod end;
#[expect(dead_code, reason = "shared with the tests of the hub")]
#[path = "../hub/client.rs"]
mod hub_client;
mod load;
mod real;
mod sim;
mod tongue;
