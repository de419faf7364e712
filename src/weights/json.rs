//! Reads untrusted JSON piece by piece. Values stay in the file's text, and the length of each is checked before it is
//! parsed. This bounds the memory: serde's own structures buffer unknown values, and its errors quote a value of the
//! wrong type in full, so a file could use many times its length.
//!
//! Errors are messages that end with line and column in the file.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

/// The most bytes of a key and of a value that [`Json::read`] parses.
pub(super) const MAX_PIECE: usize = 1024;

/// The most characters of a file that a message quotes.
const MAX_QUOTE: usize = 100;

/// A value within its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Json<'a> {
    /// The value that a file consists of.
    pub fn new(file: &'a str) -> Self {
        Self { file, text: file.trim_matches([' ', '\n', '\r', '\t']) }
    }

    /// The value's text.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.text == "null"
    }

    /// Parses a short value: a string, a number, a boolean, or a short list of them.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, String> {
        if self.text.len() > MAX_PIECE {
            let found = self.text.len();
            return Err(self.error(&format!("{found} bytes: at most {MAX_PIECE} are expected")));
        }
        serde_json::from_str(self.text).map_err(|error| self.place(&error))
    }

    /// Parses a string of any length. Borrows the file's text if it has no escapes.
    pub fn string(self) -> Result<Cow<'a, str>, String> {
        let inside = self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match inside {
            Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
            Some(_) => {
                serde_json::from_str(self.text).map(Cow::Owned).map_err(|error| self.place(&error))
            }
            None => Err(self.unexpected("a string")),
        }
    }

    /// Calls `each` with an object's keys and values.
    pub fn entries(
        self,
        mut each: impl FnMut(&str, Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.walk('{', "an object", &mut each)
    }

    /// Calls `each` with a list's values.
    pub fn elements(self, mut each: impl FnMut(Self) -> Result<(), String>) -> Result<(), String> {
        self.walk('[', "a list", &mut |_, value| each(value))
    }

    /// Calls `each` with the keys and values of an object or a list; keys of a list are empty.
    fn walk(self, start: char, what: &str, each: Each<'_, 'a>) -> Result<(), String> {
        if !self.text.starts_with(start) {
            // If the text is not even JSON, that error takes precedence.
            let _: IgnoredAny =
                serde_json::from_str(self.text).map_err(|error| self.place(&error))?;
            return Err(self.unexpected(what));
        }
        let mut failed = None;
        let walk = Walk { file: self.file, each, failed: &mut failed };
        let mut json = serde_json::Deserializer::from_str(self.text);
        let result = json.deserialize_any(walk).and_then(|()| json.end());
        match (failed, result) {
            (Some(error), _) => Err(error),
            (None, result) => result.map_err(|error| self.place(&error)),
        }
    }

    /// Appends the value's line and column to `message`.
    pub fn error(self, message: &str) -> String {
        self.at(message, 1, 1)
    }

    /// The error that the value is not `expected`.
    fn unexpected(self, expected: &str) -> String {
        self.error(&format!("invalid type: {}, expected {expected}", quote(self.text)))
    }

    /// The parser's message, with line and column in the file instead of in the value.
    fn place(self, error: &serde_json::Error) -> String {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let place = format!(" at line {line} column {column}");
        self.at(message.strip_suffix(&place).unwrap_or(&message), line.max(1), column)
    }

    /// Appends line and column in the file; `line` and `column` count from 1 within the value.
    fn at(self, message: &str, line: usize, column: usize) -> String {
        let offset = self.text.as_ptr().addr().saturating_sub(self.file.as_ptr().addr());
        let before = &self.file.as_bytes()[..offset.min(self.file.len())];
        let lines_before = before.iter().filter(|&&byte| byte == b'\n').count();
        let columns_before = match line {
            1 => before.iter().rev().take_while(|&&byte| byte != b'\n').count(),
            _ => 0,
        };
        format!("{message} at line {} column {}", lines_before + line, columns_before + column)
    }
}

/// Shortens a text for a message.
pub(super) fn quote(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

type Each<'f, 'a> = &'f mut dyn FnMut(&str, Json<'a>) -> Result<(), String>;

/// Visits the elements of an object or a list.
struct Walk<'f, 'a> {
    file: &'a str,
    each: Each<'f, 'a>,
    /// The error of `each`, which already has line and column.
    failed: &'f mut Option<String>,
}

impl<'a> Walk<'_, 'a> {
    fn take<E: serde::de::Error>(&mut self, key: &str, value: &'a RawValue) -> Result<(), E> {
        (self.each)(key, Json { file: self.file, text: value.get() }).map_err(|error| {
            *self.failed = Some(error);
            E::custom("")
        })
    }
}

impl<'a> Visitor<'a> for Walk<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            let value = map.next_value()?;
            self.take(&key, value)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            self.take("", value)?;
        }
        Ok(())
    }
}

/// A key of bounded length.
struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, key: &'a str) -> Result<Self::Value, E> {
        check_key(key).map(Cow::Borrowed)
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        check_key(key).map(|key| Cow::Owned(key.to_owned()))
    }
}

fn check_key<E: serde::de::Error>(key: &str) -> Result<&str, E> {
    if key.len() <= MAX_PIECE {
        return Ok(key);
    }
    let found = key.len();
    Err(E::custom(format_args!("a name of {found} bytes: at most {MAX_PIECE} are expected")))
}

#[cfg(test)]
mod tests {
    use super::{Json, MAX_PIECE};

    #[test]
    fn errors_tell_the_place_in_the_file() {
        let file = " {\n \"a\": 1,\n \"b\": {\"c\": [1,\n \"x\"]}}";
        let read = |text| {
            Json::new(text).entries(|key, value| {
                let check = |number: Json<'_>| number.read::<u8>().map(|_| ());
                if key == "b" { value.entries(|_, list| list.elements(check)) } else { Ok(()) }
            })
        };
        let error = read(file).unwrap_err();
        assert_eq!(error, r#"invalid type: string "x", expected u8 at line 4 column 4"#);
        let error = read("{\"b\": 5}").unwrap_err();
        assert_eq!(error, "invalid type: 5, expected an object at line 1 column 7");
        let error = read("{\n\"b\": {\"c\": }}").unwrap_err();
        assert_eq!(error, "expected value at line 2 column 12");
        let error = read("[1, 2]").unwrap_err();
        assert_eq!(error, "invalid type: [1, 2], expected an object at line 1 column 1");
        assert_eq!(read("weights").unwrap_err(), "expected value at line 1 column 1");
        assert!(read("{} x").unwrap_err().contains("trailing characters"));
    }

    #[test]
    fn strings_may_be_escaped() {
        for (text, expected) in
            [(r#""""#, ""), (r#""é""#, "é"), (r#""a\"b""#, "a\"b"), (r#""\u00e9""#, "é")]
        {
            assert_eq!(Json::new(text).string().unwrap(), expected);
        }
        for text in ["5", r#"""#, r#""\ud800""#, "\"\n\\\""] {
            assert!(Json::new(text).string().is_err(), "{text}");
        }
    }

    /// No message quotes a long key or a long value of the wrong type in full.
    #[test]
    fn messages_are_short() {
        let long = "\u{7f}".repeat(100_000);
        for text in [format!("\"{long}\""), format!("{{\"{long}\":1}}"), format!("[\"{long}\"]")] {
            let whole = Json::new(&text);
            let errors = [
                whole.read::<usize>().unwrap_err(),
                whole.entries(|_, value| value.read::<u8>().map(|_| ())).unwrap_err(),
                whole.elements(|value| value.read::<u8>().map(|_| ())).unwrap_err(),
            ];
            for error in errors {
                assert!(error.len() < MAX_PIECE, "{}", error.len());
            }
        }
    }
}
