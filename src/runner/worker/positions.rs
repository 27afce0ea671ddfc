//! Places in text: byte offset → line and column, and generated → original. Lines and columns count from 1, columns in
//! UTF-16 units.

use crate::runner::protocol::Origin;

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct LineIndex<'s> {
    source: &'s str,
    starts: Vec<u32>,
    origin: Option<&'s Origin>,
}

impl<'s> LineIndex<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        let mut starts = vec![0];
        starts.extend((1u32..).zip(source.bytes()).filter(|(_, byte)| *byte == b'\n').map(|(next, _)| next));
        Self { source, starts, origin: None }
    }

    /// Of a text that was made of another one: positions are that one's.
    pub(crate) fn made_of(self, origin: Option<&'s Origin>) -> Self {
        Self { origin, ..self }
    }

    /// What people see of a place in the text itself.
    pub(crate) fn seen(&self, line: u32, column: u32) -> (u32, u32) {
        self.origin.map_or((line, column), |origin| origin.place(line))
    }

    /// Line and column of a byte offset; the end of the text for one beyond it.
    pub(crate) fn position(&self, offset: u32) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let start = self.starts[line] as usize;
        let end = (offset as usize).min(self.source.len());
        // Lines of generated code are long: bytes are counted where they are characters.
        let text = self.source.get(start..end).unwrap_or_default();
        let column = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        self.seen(u32::try_from(line).unwrap_or(u32::MAX - 1) + 1, u32::try_from(column).unwrap_or(u32::MAX - 1) + 1)
    }

    /// Whether the offset lies in the text.
    pub(crate) fn contains(&self, offset: u32) -> bool {
        (offset as usize) < self.source.len()
    }
}

/// One pair of places, each line and column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapping {
    pub(crate) generated: (u32, u32),
    pub(crate) original: (u32, u32),
}

/// Generated → original, in order of the generated place.
#[derive(Debug, Default)]
pub(crate) struct PositionMap(Vec<Mapping>);

impl PositionMap {
    pub(crate) fn new(mappings: impl Iterator<Item = Mapping>) -> Self {
        let mut mappings: Vec<_> = mappings.collect();
        mappings.sort_by_key(|mapping| mapping.generated);
        Self(mappings)
    }

    /// The original of the last mapped place at or before this one on its line; the place itself where nothing is mapped.
    pub(crate) fn original(&self, line: u32, column: u32) -> (u32, u32) {
        let after = self.0.partition_point(|mapping| mapping.generated <= (line, column));
        match self.0[..after].last() {
            Some(mapping) if mapping.generated.0 == line => mapping.original,
            _ => self.0.get(after).filter(|next| next.generated.0 == line).map_or((line, column), |next| next.original),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_utf16_columns() {
        let index = LineIndex::new("ab\nä😀x\n\nend");
        let cases =
            [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 2)), (9, (2, 4)), (11, (3, 1)), (12, (4, 1)), (99, (4, 4))];
        for (offset, expected) in cases {
            assert_eq!(index.position(offset), expected, "offset {offset}");
        }
    }

    #[test]
    fn a_place_between_two_mapped_ones_is_the_first_of_them() {
        let mapping = |generated, original| Mapping { generated, original };
        let map =
            PositionMap::new([mapping((1, 10), (4, 2)), mapping((1, 1), (3, 1)), mapping((3, 5), (9, 9))].into_iter());
        let cases = [
            ((1, 1), (3, 1)),
            ((1, 9), (3, 1)),
            ((1, 12), (4, 2)),
            ((2, 1), (2, 1)),
            ((3, 1), (9, 9)),
            ((3, 6), (9, 9)),
        ];
        for (generated, expected) in cases {
            assert_eq!(map.original(generated.0, generated.1), expected, "{generated:?}");
        }
    }
}
