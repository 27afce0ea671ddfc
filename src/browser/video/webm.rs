//! WebM with one track of VP8: chunks of an encoder become a file that players can seek in.

use crate::browser::context::Size;

/// What an encoder made of one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Milliseconds from the start.
    pub(super) at: u64,
    /// Whether it needs none before it.
    pub(super) key: bool,
    pub(super) data: Vec<u8>,
}

/// Times within a cluster are 16 bits with a sign, milliseconds.
const LONGEST_CLUSTER: u64 = 30_000;
const TRACK: u64 = 1;
const PROGRAM: &[u8] = concat!("understudy ", env!("CARGO_PKG_VERSION")).as_bytes();

/// The file. `duration` is in milliseconds.
pub(super) fn file(size: Size, duration: u64, chunks: &[Chunk]) -> Vec<u8> {
    let clusters: Vec<(u64, Vec<u8>)> = clusters(chunks).iter().map(|chunks| (chunks[0].at, cluster(chunks))).collect();
    let mut info = uint(0x2A_D7B1, 1_000_000);
    info.extend(element(0x4489, &(duration as f64).to_be_bytes()));
    info.extend([element(0x4D80, PROGRAM), element(0x5741, PROGRAM)].concat());
    let picture = [uint(0xB0, size.width.into()), uint(0xBA, size.height.into())].concat();
    let track = [
        uint(0xD7, TRACK),
        uint(0x73C5, TRACK),
        uint(0x83, 1),
        uint(0x9C, 0),
        element(0x86, b"V_VP8"),
        element(0xE0, &picture),
    ]
    .concat();
    let before = [element(0x1549_A966, &info), element(0x1654_AE6B, &element(0xAE, &track))].concat();
    // Places are of a fixed length: the index is as long with the right ones.
    let length = index(&clusters, 0).len();
    let mut segment = before.clone();
    segment.extend(index(&clusters, (before.len() + length) as u64));
    for (_, cluster) in &clusters {
        segment.extend(cluster);
    }
    let head = [
        uint(0x4286, 1),
        uint(0x42F7, 1),
        uint(0x42F2, 4),
        uint(0x42F3, 8),
        element(0x4282, b"webm"),
        uint(0x4287, 2),
        uint(0x4285, 2),
    ]
    .concat();
    [element(0x1A45_DFA3, &head), element(0x1853_8067, &segment)].concat()
}

/// Each begins with a chunk that needs none before it, where there is one in time.
fn clusters(chunks: &[Chunk]) -> Vec<&[Chunk]> {
    let mut clusters = Vec::new();
    let mut begin = 0;
    for (at, chunk) in chunks.iter().enumerate().skip(1) {
        if chunk.key || chunk.at - chunks[begin].at > LONGEST_CLUSTER {
            clusters.push(&chunks[begin..at]);
            begin = at;
        }
    }
    if begin < chunks.len() {
        clusters.push(&chunks[begin..]);
    }
    clusters
}

fn cluster(chunks: &[Chunk]) -> Vec<u8> {
    let begin = chunks[0].at;
    let mut inside = uint(0xE7, begin);
    for chunk in chunks {
        let offset = i16::try_from(chunk.at - begin).unwrap_or(i16::MAX).to_be_bytes();
        let flags = if chunk.key { 0x80 } else { 0 };
        let head = [0x80 | TRACK as u8, offset[0], offset[1], flags];
        inside.extend(element(0xA3, &[&head, chunk.data.as_slice()].concat()));
    }
    element(0x1F43_B675, &inside)
}

/// Where clusters are, the first one being at `begin`.
fn index(clusters: &[(u64, Vec<u8>)], begin: u64) -> Vec<u8> {
    let mut place = begin;
    let mut points = Vec::new();
    for (at, cluster) in clusters {
        let position = [uint(0xF7, TRACK), element(0xF1, &place.to_be_bytes())].concat();
        points.extend(element(0xBB, &[uint(0xB3, *at), element(0xB7, &position)].concat()));
        place += cluster.len() as u64;
    }
    element(0x1C53_BB6B, &points)
}

fn element(id: u32, data: &[u8]) -> Vec<u8> {
    let id = id.to_be_bytes();
    let name = id.iter().position(|byte| *byte != 0).unwrap_or(3);
    // A length of eight bytes has one bit set before it.
    let length = (data.len() as u64 | (1 << 56)).to_be_bytes();
    [&id[name..], &length, data].concat()
}

fn uint(id: u32, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    element(id, &bytes[first..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_say_what_they_are_and_how_long() {
        assert_eq!(uint(0xD7, 1), [0xD7, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(uint(0x2A_D7B1, 1_000_000)[..4], [0x2A, 0xD7, 0xB1, 1]);
        assert_eq!(uint(0xE7, 0).last(), Some(&0));
        assert_eq!(element(0x4282, b"webm")[..2], [0x42, 0x82]);
    }

    #[test]
    fn clusters_begin_with_whole_pictures() {
        let chunk = |at, key| Chunk { at, key, data: vec![at as u8] };
        let chunks = [chunk(0, true), chunk(10, false), chunk(5000, true), chunk(40_000, false), chunk(40_001, false)];
        let lengths: Vec<usize> = clusters(&chunks).iter().map(|chunks| chunks.len()).collect();
        assert_eq!(lengths, [2, 1, 2]);
        assert!(clusters(&[]).is_empty());
    }

    #[test]
    fn the_index_points_at_the_clusters() {
        let chunks = [Chunk { at: 0, key: true, data: vec![1; 300] }, Chunk { at: 40, key: true, data: vec![2; 5] }];
        let file = file(Size { width: 4, height: 2 }, 1000, &chunks);
        let at = |id: &[u8]| -> Vec<usize> {
            file.windows(id.len()).enumerate().filter(|(_, bytes)| *bytes == id).map(|(at, _)| at).collect()
        };
        let segment = at(&[0x18, 0x53, 0x80, 0x67])[0] + 12;
        let expected: Vec<u64> = at(&[0x1F, 0x43, 0xB6, 0x75]).iter().map(|at| (at - segment) as u64).collect();
        let places: Vec<u64> = at(&[0xF1, 1, 0, 0, 0, 0, 0, 0, 8])
            .iter()
            .map(|at| u64::from_be_bytes(file[at + 9..at + 17].try_into().unwrap()))
            .collect();
        assert_eq!(places, expected);
        assert_eq!(places.len(), 2);
    }
}
