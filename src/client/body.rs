//! Bodies of answers, unpacked.

use super::error::FetchError;
use super::exchange::failed;
use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::io::Read;

/// The longest body that is kept, packed or not; a message to the worker must hold it.
const LONGEST: usize = 64 << 20;
const MEGABYTE: usize = 1 << 20;

pub(super) async fn read(body: Incoming, encoding: Option<&str>) -> Result<Bytes, FetchError> {
    let packed = Limited::new(body, LONGEST).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            FetchError::TooLarge(LONGEST / MEGABYTE)
        } else {
            error.downcast_ref::<hyper::Error>().map_or(FetchError::HungUp, failed)
        }
    })?;
    unpack(packed.to_bytes(), encoding)
}

fn unpack(packed: Bytes, encoding: Option<&str>) -> Result<Bytes, FetchError> {
    let encoding = encoding.unwrap_or_default().to_ascii_lowercase();
    if packed.is_empty() {
        return Ok(packed);
    }
    let reader: Box<dyn Read + '_> = match encoding.as_str() {
        "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(&*packed)),
        "deflate" => Box::new(ZlibDecoder::new(&*packed)),
        "br" => Box::new(Decompressor::new(&*packed, 4096)),
        _ => return Ok(packed),
    };
    let mut plain = Vec::new();
    let read = reader.take(LONGEST as u64 + 1).read_to_end(&mut plain);
    read.map_err(|error| FetchError::Encoding { encoding, reason: error.to_string() })?;
    if plain.len() > LONGEST { Err(FetchError::TooLarge(LONGEST / MEGABYTE)) } else { Ok(plain.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use std::io::Write;

    #[test]
    fn what_is_packed_is_unpacked() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"hello").unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"hello").unwrap();
        // Brotli without compression: one stored block.
        let brotli = [0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        let cases: [(&str, Vec<u8>); 4] = [
            ("gzip", gzip.finish().unwrap()),
            ("deflate", zlib.finish().unwrap()),
            ("br", brotli.to_vec()),
            ("identity", b"hello".to_vec()),
        ];
        for (encoding, packed) in cases {
            assert_eq!(unpack(packed.into(), Some(encoding)).unwrap(), "hello", "{encoding}");
        }
        assert!(unpack(Bytes::from_static(b"no gzip"), Some("gzip")).is_err());
    }
}
