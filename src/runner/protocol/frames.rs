//! A length and that many bytes.

use std::io::{self, Read};

/// A frame larger than this is a mistake or an attack; bytes. Screenshots and file uploads pass as base64.
pub const MAX_FRAME: usize = 128 << 20;

/// A message's JSON with its length in front, ready to be written at once.
///
/// # Errors
/// When it is larger than [`MAX_FRAME`].
pub fn frame(json: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(json.len()).ok().filter(|_| json.len() <= MAX_FRAME);
    let Some(length) = length else {
        return Err(io::Error::other(format!("a message of {} bytes is too large", json.len())));
    };
    let mut bytes = Vec::with_capacity(4 + json.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(json);
    Ok(bytes)
}

/// The next message's JSON; none at the end of the input.
///
/// # Errors
/// When the input breaks off within a frame, or a frame is larger than [`MAX_FRAME`].
pub fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_be_bytes(head) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::other(format!("a message of {length} bytes is too large")));
    }
    let mut json = vec![0; length];
    input.read_exact(&mut json)?;
    Ok(Some(json))
}
