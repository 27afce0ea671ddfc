//! Asks the system about one connection (`NETLINK_SOCK_DIAG`, see sock_diag(7)): what that takes does not grow with how many there are.

use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, ipproto, recv, send, socket_with,
};
use std::io;
use std::net::SocketAddrV4;

/// Kinds of messages: the question and its answer, and a refusal.
const BY_FAMILY: u16 = 20;
const ERROR: u16 = 2;
/// It is a question.
const REQUEST: u16 = 1;
/// Sizes in bytes: of what is before each message, of ports and addresses of both ends, of what else names a connection, of the question.
const HEAD: usize = 16;
const ENDS: usize = 2 * (2 + 16);
const REST: usize = 4 + 8;
const QUESTION: usize = HEAD + 8 + ENDS + REST;
/// Where in an answer is the state, where the ends are, and where is the user.
const STATE: usize = HEAD + 1;
const NAMED: usize = HEAD + 4;
const USER: usize = NAMED + ENDS + REST + 12;
/// Both ends are there.
const ESTABLISHED: u8 = 1;

/// What the system knows of one end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) user: u32,
    pub(super) is_established: bool,
}

/// The end at `end` of a connection with `other`; none where there is none.
///
/// # Errors
/// When the system does not answer such questions. Some say instead that there is no such connection.
pub(super) fn look(end: SocketAddrV4, other: SocketAddrV4) -> io::Result<Option<End>> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(SOCK_DIAG))?;
    // With the system: nobody else can answer then.
    connect(&socket, &SocketAddrNetlink::new(0, 0))?;
    send(&socket, &question(end, other), SendFlags::empty())?;
    let mut answer = [0; 4096];
    // It is there when the question has been sent.
    let (length, _) = recv(&socket, &mut answer[..], RecvFlags::DONTWAIT)?;
    read(&answer[..length], end, other)
}

fn question(end: SocketAddrV4, other: SocketAddrV4) -> Vec<u8> {
    let mut question = Vec::with_capacity(QUESTION);
    let number = |number: u32| number.to_ne_bytes();
    let length = u32::try_from(QUESTION).unwrap_or_default();
    question.extend(number(length));
    question.extend(BY_FAMILY.to_ne_bytes());
    question.extend(REQUEST.to_ne_bytes());
    // It is the first, and the system says whose.
    question.extend([number(1), number(0)].concat());
    let family = u8::try_from(AddressFamily::INET.as_raw()).unwrap_or_default();
    let tcp = u8::try_from(ipproto::TCP.as_raw().get()).unwrap_or_default();
    question.extend([family, tcp, 0, 0]);
    // In whichever state.
    question.extend(number(u32::MAX));
    question.extend(ends(end, other));
    // By whichever device, whichever of those that were called so.
    question.extend([number(0), number(u32::MAX), number(u32::MAX)].concat());
    question
}

/// Ports and addresses, as the network has them; there is room for addresses of version 6.
fn ends(end: SocketAddrV4, other: SocketAddrV4) -> Vec<u8> {
    let address = |of: SocketAddrV4| [of.ip().octets(), [0; 4], [0; 4], [0; 4]].concat();
    [end.port().to_be_bytes().to_vec(), other.port().to_be_bytes().to_vec(), address(end), address(other)].concat()
}

fn read(answer: &[u8], end: SocketAddrV4, other: SocketAddrV4) -> io::Result<Option<End>> {
    let strange = || io::Error::other("the system's answer about a connection makes no sense");
    let number = |at: usize| {
        let bytes = answer.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_ne_bytes).ok_or_else(strange)
    };
    let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok()).map(u16::from_ne_bytes);
    match kind {
        Some(ERROR) => {
            let error = io::Error::from_raw_os_error(number(HEAD)?.cast_signed().saturating_neg());
            if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) { Ok(None) } else { Err(error) }
        }
        Some(BY_FAMILY) => {
            let found = End { user: number(USER)?, is_established: answer[STATE] == ESTABLISHED };
            // Where there is no such connection it may be who listens there.
            let is_this = answer[NAMED..NAMED + ENDS] == ends(end, other);
            Ok(is_this.then_some(found))
        }
        _ => Err(strange()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0xABCD);
    const OTHER: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0x1234);

    fn answer(kind: u16, body: &[u8]) -> Vec<u8> {
        [&[0; 4], &kind.to_ne_bytes()[..], &[0; 10], body].concat()
    }

    fn found(state: u8, end: SocketAddrV4, other: SocketAddrV4, user: u32) -> Vec<u8> {
        let rest = [&[0; REST], &[0; 12], &user.to_ne_bytes()[..], &[0; 4]].concat();
        answer(BY_FAMILY, &[&[2, state, 0, 0], &ends(end, other)[..], &rest].concat())
    }

    #[test]
    fn answers() {
        let whole = found(1, END, OTHER, 1000);
        assert_eq!(whole.len(), HEAD + 72);
        assert_eq!(read(&whole, END, OTHER).unwrap(), Some(End { user: 1000, is_established: true }));
        let left = found(6, END, OTHER, 0);
        assert_eq!(read(&left, END, OTHER).unwrap(), Some(End { user: 0, is_established: false }));
        assert_eq!(read(&whole, OTHER, END).unwrap(), None);
        let refused = |error: Errno| answer(ERROR, &(-error.raw_os_error()).to_ne_bytes());
        assert_eq!(read(&refused(Errno::NOENT), END, OTHER).unwrap(), None);
        assert_eq!(read(&refused(Errno::PERM), END, OTHER).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(read(&answer(3, &[0; 72]), END, OTHER).is_err());
        for length in 0..USER + 4 {
            assert!(read(&whole[..length], END, OTHER).is_err(), "{length}");
        }
    }

    #[test]
    fn a_question_is_as_long_as_it_says() {
        let question = question(END, OTHER);
        assert_eq!((question.len(), u32::from_ne_bytes(question[..4].try_into().unwrap())), (72, 72));
    }
}
