//! Whose a connection on this machine is. Others who have accounts here could use a port of ours; they are not to use the gateway.

#[cfg(target_os = "linux")]
mod diag;

use std::net::{SocketAddr, SocketAddrV4};
use tokio::net::TcpStream;

/// What the system knows of connections, a line each. It takes milliseconds to make, tens of them where there are thousands.
const TABLE: &str = "/proc/net/tcp";

/// Who is not found there so often is not there.
const LOOKS: usize = 3;

/// Both ends are there.
const ESTABLISHED: &str = "01";

/// Whose a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    User(u32),
    /// Who made it has left it.
    Nobody,
    /// The system does not say.
    Unknown,
}

/// Whether who made this connection is who we are. Where the system does not say, everybody is.
pub(super) async fn is_ours(stream: &TcpStream) -> bool {
    let (Ok(SocketAddr::V4(theirs)), Ok(SocketAddr::V4(ours))) = (stream.peer_addr(), stream.local_addr()) else {
        return true;
    };
    let owner = match asked(theirs, ours) {
        Owner::Unknown => listed(theirs, ours).await,
        owner => owner,
    };
    match owner {
        Owner::User(user) => user == rustix::process::geteuid().as_raw(),
        Owner::Nobody => false,
        Owner::Unknown => true,
    }
}

/// By a question about this one connection.
fn asked(theirs: SocketAddrV4, ours: SocketAddrV4) -> Owner {
    #[cfg(target_os = "linux")]
    match diag::look(theirs, ours) {
        Ok(Some(end)) if end.is_established => return Owner::User(end.user),
        Ok(Some(_)) => return Owner::Nobody,
        // A system that cannot say it says so of our end too, which is there.
        Ok(None) if diag::look(ours, theirs).is_ok_and(|end| end.is_some()) => return Owner::Nobody,
        Ok(None) | Err(_) => {}
    }
    let _ = (theirs, ours);
    Owner::Unknown
}

/// By the table of all.
async fn listed(theirs: SocketAddrV4, ours: SocketAddrV4) -> Owner {
    // While others come and go a long table can leave one out.
    for _ in 0..LOOKS {
        let Ok(table) = tokio::fs::read_to_string(TABLE).await else { return Owner::Unknown };
        if let Some(user) = owner(&table, theirs, ours) {
            return Owner::User(user);
        }
    }
    Owner::Nobody
}

/// The user at this end of a connection; none of one that is there no more.
fn owner(table: &str, end: SocketAddrV4, other: SocketAddrV4) -> Option<u32> {
    let (end, other) = (written(end), written(other));
    let line = table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let found = [fields.next()?, fields.next()?, fields.next()?] == [end.as_str(), other.as_str(), ESTABLISHED];
        found.then_some(fields)
    });
    line?.nth(3)?.parse().ok()
}

/// As the table has it.
fn written(address: SocketAddrV4) -> String {
    format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::{Gateway, GatewayOptions};
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::process::Command;

    fn v4(address: std::io::Result<SocketAddr>) -> SocketAddrV4 {
        let SocketAddr::V4(address) = address.expect("an address") else { panic!("an address of version 4") };
        address
    }

    #[tokio::test]
    async fn the_system_knows_whose_a_connection_is() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(is_ours(&stream).await);
        let (theirs, ours) = (v4(client.local_addr()), v4(stream.local_addr()));
        let user = Owner::User(rustix::process::geteuid().as_raw());
        // Both ways lead there.
        assert_eq!((asked(theirs, ours), listed(theirs, ours).await), (user, user));
        let nowhere = SocketAddrV4::new([127, 0, 0, 2].into(), theirs.port());
        assert_eq!(diag::look(nowhere, ours).unwrap(), None);
        // Who listens is not who has connected.
        assert_eq!(diag::look(ours, nowhere).unwrap(), None);
        drop(client);
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        assert_eq!((asked(theirs, ours), listed(theirs, ours).await), (Owner::Nobody, Owner::Nobody));
        assert!(!is_ours(&stream).await);
    }

    #[test]
    fn a_line_says_who() {
        let end = |port| SocketAddrV4::new([127, 0, 0, 1].into(), port);
        let line = |state: &str, user: u32| {
            let (client, gateway) = (written(end(0xABCD)), written(end(0x1234)));
            format!(
                "  sl  local_address rem_address   st\n   0: {gateway} {client} 01 00000000:00000000 00:00000000 00000000  7 0 1\n   \
                 1: {client} {gateway} {state} 00000000:00000000 00:00000000 00000000  {user} 0 99 1 0\n"
            )
        };
        assert_eq!(owner(&line("01", 1000), end(0xABCD), end(0x1234)), Some(1000));
        assert_eq!(owner(&line("01", 1000), end(0xABCE), end(0x1234)), None);
        // Whoever has left is nobody, and the line says that it was the machine's owner.
        assert_eq!(owner(&line("05", 0), end(0xABCD), end(0x1234)), None);
        assert_eq!(owner("", end(1), end(2)), None);
    }

    /// Being another user takes the machine's owner: elsewhere only our own way is looked at.
    #[tokio::test]
    async fn other_users_of_the_machine_get_no_answer() {
        const GREETING: [u8; 3] = [5, 1, 0];
        let gateway = Gateway::open(GatewayOptions::default()).await.unwrap();
        let port = gateway.address().rsplit(':').next().unwrap().to_owned();
        let mut ours = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
        ours.write_all(&GREETING).await.unwrap();
        let mut answer = [1; 2];
        ours.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, [5, 0]);
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; printf '\\5\\1\\0' >&3; cat <&3 | wc -c");
        let output = Command::new("bash").args(["-c", &script]).uid(65534).gid(65534).output().await.unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(told.trim(), "0", "{}", String::from_utf8_lossy(&output.stderr));
    }
}
