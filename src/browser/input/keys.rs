//! The keys of a US keyboard.

/// A key as it is pressed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) code: &'static str,
    pub(super) key: String,
    /// Windows' virtual key code.
    pub(super) number: u32,
    /// What it types; empty if nothing.
    pub(super) text: String,
    /// 1 left, 2 right, 3 keypad.
    pub(super) location: u32,
}

/// Code, key code, key, key with shift.
type Row = (&'static str, u32, &'static str, &'static str);

/// Keys that type a character.
const PRINTING: &[Row] = &[
    ("Backquote", 192, "`", "~"),
    ("Digit1", 49, "1", "!"),
    ("Digit2", 50, "2", "@"),
    ("Digit3", 51, "3", "#"),
    ("Digit4", 52, "4", "$"),
    ("Digit5", 53, "5", "%"),
    ("Digit6", 54, "6", "^"),
    ("Digit7", 55, "7", "&"),
    ("Digit8", 56, "8", "*"),
    ("Digit9", 57, "9", "("),
    ("Digit0", 48, "0", ")"),
    ("Minus", 189, "-", "_"),
    ("Equal", 187, "=", "+"),
    ("Backslash", 220, "\\", "|"),
    ("KeyQ", 81, "q", "Q"),
    ("KeyW", 87, "w", "W"),
    ("KeyE", 69, "e", "E"),
    ("KeyR", 82, "r", "R"),
    ("KeyT", 84, "t", "T"),
    ("KeyY", 89, "y", "Y"),
    ("KeyU", 85, "u", "U"),
    ("KeyI", 73, "i", "I"),
    ("KeyO", 79, "o", "O"),
    ("KeyP", 80, "p", "P"),
    ("BracketLeft", 219, "[", "{"),
    ("BracketRight", 221, "]", "}"),
    ("KeyA", 65, "a", "A"),
    ("KeyS", 83, "s", "S"),
    ("KeyD", 68, "d", "D"),
    ("KeyF", 70, "f", "F"),
    ("KeyG", 71, "g", "G"),
    ("KeyH", 72, "h", "H"),
    ("KeyJ", 74, "j", "J"),
    ("KeyK", 75, "k", "K"),
    ("KeyL", 76, "l", "L"),
    ("Semicolon", 186, ";", ":"),
    ("Quote", 222, "'", "\""),
    ("KeyZ", 90, "z", "Z"),
    ("KeyX", 88, "x", "X"),
    ("KeyC", 67, "c", "C"),
    ("KeyV", 86, "v", "V"),
    ("KeyB", 66, "b", "B"),
    ("KeyN", 78, "n", "N"),
    ("KeyM", 77, "m", "M"),
    ("Comma", 188, ",", "<"),
    ("Period", 190, ".", ">"),
    ("Slash", 191, "/", "?"),
    ("Space", 32, " ", " "),
];

/// Code, key code, key, location.
const OTHERS: &[(&str, u32, &str, u32)] = &[
    ("Escape", 27, "Escape", 0),
    ("F1", 112, "F1", 0),
    ("F2", 113, "F2", 0),
    ("F3", 114, "F3", 0),
    ("F4", 115, "F4", 0),
    ("F5", 116, "F5", 0),
    ("F6", 117, "F6", 0),
    ("F7", 118, "F7", 0),
    ("F8", 119, "F8", 0),
    ("F9", 120, "F9", 0),
    ("F10", 121, "F10", 0),
    ("F11", 122, "F11", 0),
    ("F12", 123, "F12", 0),
    ("Backspace", 8, "Backspace", 0),
    ("Tab", 9, "Tab", 0),
    ("Enter", 13, "Enter", 0),
    ("CapsLock", 20, "CapsLock", 0),
    ("ShiftLeft", 160, "Shift", 1),
    ("ShiftRight", 161, "Shift", 2),
    ("ControlLeft", 162, "Control", 1),
    ("ControlRight", 163, "Control", 2),
    ("AltLeft", 164, "Alt", 1),
    ("AltRight", 165, "Alt", 2),
    ("MetaLeft", 91, "Meta", 1),
    ("MetaRight", 92, "Meta", 2),
    ("ContextMenu", 93, "ContextMenu", 0),
    ("PrintScreen", 44, "PrintScreen", 0),
    ("ScrollLock", 145, "ScrollLock", 0),
    ("Pause", 19, "Pause", 0),
    ("PageUp", 33, "PageUp", 0),
    ("PageDown", 34, "PageDown", 0),
    ("End", 35, "End", 0),
    ("Home", 36, "Home", 0),
    ("ArrowLeft", 37, "ArrowLeft", 0),
    ("ArrowUp", 38, "ArrowUp", 0),
    ("ArrowRight", 39, "ArrowRight", 0),
    ("ArrowDown", 40, "ArrowDown", 0),
    ("Insert", 45, "Insert", 0),
    ("Delete", 46, "Delete", 0),
    ("NumLock", 144, "NumLock", 0),
    ("NumpadDivide", 111, "/", 3),
    ("NumpadMultiply", 106, "*", 3),
    ("NumpadSubtract", 109, "-", 3),
    ("NumpadAdd", 107, "+", 3),
    ("NumpadEnter", 13, "Enter", 3),
    ("AudioVolumeMute", 173, "AudioVolumeMute", 0),
    ("AudioVolumeDown", 174, "AudioVolumeDown", 0),
    ("AudioVolumeUp", 175, "AudioVolumeUp", 0),
    ("MediaTrackNext", 176, "MediaTrackNext", 0),
    ("MediaTrackPrevious", 177, "MediaTrackPrevious", 0),
    ("MediaPlayPause", 179, "MediaPlayPause", 0),
];

/// The keypad without NumLock: code, key code and key; with shift (the digits) it is the others.
const KEYPAD: &[(&str, u32, &str, u32, &str)] = &[
    ("Numpad0", 45, "Insert", 96, "0"),
    ("Numpad1", 35, "End", 97, "1"),
    ("Numpad2", 40, "ArrowDown", 98, "2"),
    ("Numpad3", 34, "PageDown", 99, "3"),
    ("Numpad4", 37, "ArrowLeft", 100, "4"),
    ("Numpad5", 12, "Clear", 101, "5"),
    ("Numpad6", 39, "ArrowRight", 102, "6"),
    ("Numpad7", 36, "Home", 103, "7"),
    ("Numpad8", 38, "ArrowUp", 104, "8"),
    ("Numpad9", 33, "PageUp", 105, "9"),
    ("NumpadDecimal", 46, "\0", 110, "."),
];

/// The key of this name: a code (`KeyA`, `ShiftLeft`), a key (`a`, `A`, `!`, `Enter`) or `\n`; none for what no key types.
pub(super) fn find(name: &str, shift: bool) -> Option<Key> {
    if matches!(name, "\n" | "\r") {
        return find("Enter", shift);
    }
    let printing = |row: &Row, shifted: bool| {
        let text = if shifted { row.3 } else { row.2 };
        Key { code: row.0, key: text.into(), number: row.1, text: text.into(), location: 0 }
    };
    if let Some(row) = PRINTING.iter().find(|row| row.0 == name) {
        return Some(printing(row, shift));
    }
    // A character is meant as it is, `Shift+x` is an x.
    if let Some(row) = PRINTING.iter().find(|row| row.2 == name) {
        return Some(printing(row, false));
    }
    if let Some(row) = PRINTING.iter().find(|row| row.3 == name) {
        return Some(printing(row, true));
    }
    if let Some((code, plain, key, digit, text)) = KEYPAD.iter().find(|row| row.0 == name) {
        return Some(if shift {
            Key { code, key: (*text).into(), number: *digit, text: (*text).into(), location: 3 }
        } else {
            Key { code, key: (*key).into(), number: *plain, text: String::new(), location: 3 }
        });
    }
    let other = |(code, number, key, location): &(&'static str, u32, &'static str, u32)| {
        let text = match *key {
            "Enter" => "\r",
            key if key.len() == 1 => key,
            _ => "",
        };
        Key { code, key: (*key).into(), number: *number, text: text.into(), location: *location }
    };
    OTHERS.iter().find(|row| row.0 == name).or_else(|| OTHERS.iter().find(|row| row.2 == name)).map(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_by_any_name() {
        let cases: &[(&str, bool, &str, &str, &str)] = &[
            ("a", false, "KeyA", "a", "a"),
            ("A", false, "KeyA", "A", "A"),
            ("a", true, "KeyA", "a", "a"),
            ("KeyA", true, "KeyA", "A", "A"),
            ("KeyA", false, "KeyA", "a", "a"),
            ("!", false, "Digit1", "!", "!"),
            ("Enter", false, "Enter", "Enter", "\r"),
            ("\n", false, "Enter", "Enter", "\r"),
            ("Shift", false, "ShiftLeft", "Shift", ""),
            ("ShiftRight", false, "ShiftRight", "Shift", ""),
            ("ArrowLeft", false, "ArrowLeft", "ArrowLeft", ""),
            ("Numpad4", true, "Numpad4", "4", "4"),
            ("Numpad4", false, "Numpad4", "ArrowLeft", ""),
            (" ", false, "Space", " ", " "),
        ];
        for (name, shift, code, key, text) in cases {
            let found = find(name, *shift).unwrap_or_else(|| panic!("no key {name:?}"));
            assert_eq!((found.code, found.key.as_str(), found.text.as_str()), (*code, *key, *text), "{name:?}");
        }
        assert_eq!(find("ü", false), None);
        assert_eq!(find("NoSuchKey", false), None);
    }
}
