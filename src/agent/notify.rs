//! What the service manager is told (`sd_notify(3)`): that the agent is ready, how it fares, that it ends, and that it is alive.

use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The way to a service manager, or to nobody. Clones share it.
#[derive(Clone, Default)]
pub struct Notify(Option<Arc<Manager>>);

struct Manager {
    socket: UnixDatagram,
    address: SocketAddr,
    watchdog: Option<Duration>,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Notify(…)" } else { "Notify(nobody)" })
    }
}

impl Notify {
    /// To the socket that `NOTIFY_SOCKET` names: a path, or a name behind `@`. A manager with a `watchdog` ends a service that does not
    /// say within that time that it lives.
    ///
    /// # Errors
    /// When that is no name of a socket.
    pub fn new(socket: &Path, watchdog: Option<Duration>) -> io::Result<Self> {
        let address = match socket.as_os_str().as_bytes() {
            #[cfg(target_os = "linux")]
            [b'@', name @ ..] => {
                use std::os::linux::net::SocketAddrExt;
                SocketAddr::from_abstract_name(name)?
            }
            _ => SocketAddr::from_pathname(socket)?,
        };
        let socket = UnixDatagram::unbound()?;
        // The agent does not wait for its manager.
        socket.set_nonblocking(true)?;
        Ok(Self(Some(Arc::new(Manager { socket, address, watchdog }))))
    }

    /// Within which the manager wants to hear something.
    pub(super) fn watchdog(&self) -> Option<Duration> {
        self.0.as_ref().and_then(|manager| manager.watchdog)
    }

    /// The agent does its work now.
    pub(super) fn ready(&self) {
        self.say("READY=1");
    }

    /// It ends.
    pub(super) fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// It lives. To be said by what must not stand still, and by nothing else.
    pub(super) fn alive(&self) {
        if self.watchdog().is_some() {
            self.say("WATCHDOG=1");
        }
    }

    /// How it fares, for people.
    pub(super) fn status(&self, words: &str) {
        self.say(&format!("STATUS={}", words.replace('\n', " ")));
    }

    fn say(&self, words: &str) {
        let Some(manager) = &self.0 else { return };
        if let Err(error) = manager.socket.send_to_addr(words.as_bytes(), &manager.address) {
            tracing::debug!(%error, words, "the service manager does not listen");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_hears_by_path_and_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let mut buffer = [0; 100];
        let heard = UnixDatagram::bind(&path).unwrap();
        let notify = Notify::new(&path, None).unwrap();
        notify.ready();
        notify.alive();
        notify.status("two\nlines");
        for expected in ["READY=1", "STATUS=two lines"] {
            let length = heard.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], expected.as_bytes());
        }
        Notify::default().ready();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_manager_hears_by_an_abstract_name() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("understudy-test-{}", std::process::id());
        let heard = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let notify = Notify::new(Path::new(&format!("@{name}")), Some(Duration::from_secs(1))).unwrap();
        notify.alive();
        let mut buffer = [0; 100];
        assert_eq!(heard.recv(&mut buffer).unwrap(), "WATCHDOG=1".len());
    }
}
