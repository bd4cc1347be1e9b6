//! How a file's texts were written, and a CSV's bytes as text.
//!
//! Workbooks are Unicode by their format. A CSV says nothing about itself, so its bytes are looked at:
//! a byte order mark, zero bytes of UTF-16, valid UTF-8, else windows-1258 as Vietnamese Windows saves.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1258};
use serde::{Deserialize, Serialize};

/// The encodings that lists of households come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8 or UTF-16
    Unicode,
    /// TCVN 5712 (.VnTime fonts). Never detected so far.
    Tcvn3,
    /// VNI fonts. Never detected so far.
    Vni,
    /// windows-1258: base letters with combining tones
    Cp1258,
}

impl Encoding {
    /// The code in `roster preview`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unicode => "unicode",
            Self::Tcvn3 => "tcvn3",
            Self::Vni => "vni",
            Self::Cp1258 => "cp1258",
        }
    }
}

/// The text of a file that is no workbook. `None` if it is no text: it has control characters that no
/// list has.
pub(crate) fn decode(bytes: &[u8]) -> Option<(String, Encoding)> {
    let (text, encoding) = if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        (String::from_utf8_lossy(rest).into_owned(), Encoding::Unicode)
    } else if bytes.starts_with(b"\xff\xfe") || looks_like_utf16(bytes, 1) {
        (UTF_16LE.decode(bytes).0.into_owned(), Encoding::Unicode)
    } else if bytes.starts_with(b"\xfe\xff") || looks_like_utf16(bytes, 0) {
        (UTF_16BE.decode(bytes).0.into_owned(), Encoding::Unicode)
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        (text.to_owned(), Encoding::Unicode)
    } else {
        (WINDOWS_1258.decode_without_bom_handling(bytes).0.into_owned(), Encoding::Cp1258)
    };
    let strange =
        |c: &char| (c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{c}')) || *c == '\u{fffd}';
    let strangers = text.chars().filter(strange).count();
    // A single broken byte in a long list is a damaged name, not a reason to refuse the file.
    (strangers * 200 <= text.chars().count()).then_some((text, encoding))
}

/// Most characters of a list are below U+0100, so one byte of each pair is mostly zero.
fn looks_like_utf16(bytes: &[u8], zero_at: usize) -> bool {
    let head = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
    let zeros = head.iter().skip(zero_at).step_by(2).filter(|byte| **byte == 0).count();
    head.len() >= 8 && bytes.len().is_multiple_of(2) && zeros * 4 > head.len() && zeros * 2 <= head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text() {
        let check = |bytes: &[u8], expect: Option<(&str, Encoding)>| {
            let read = decode(bytes);
            assert_eq!(read.as_ref().map(|(text, encoding)| (text.as_str(), *encoding)), expect, "{bytes:?}");
        };
        let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        check("Họ tên;Ngõ".as_bytes(), Some(("Họ tên;Ngõ", Encoding::Unicode)));
        check(b"\xef\xbb\xbfTh\xc3\xb4n", Some(("Thôn", Encoding::Unicode)));
        check(&[b"\xff\xfe".to_vec(), utf16("Thôn")].concat(), Some(("Thôn", Encoding::Unicode)));
        check(&utf16("STT;Ho ten;Nam sinh"), Some(("STT;Ho ten;Nam sinh", Encoding::Unicode)));
        // "Lê Thị" of windows-1258: the dot below is a character of its own.
        check(b"L\xea Thi\xf2", Some(("Lê Thi\u{323}", Encoding::Cp1258)));
        check(&[0x00, 0x01, 0x02, 0x90, 0xff, 0x07], None);
    }
}
