//! The JSON header, deserialised row by row: a million tensors need no tree of JSON values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::duplicates;
use crate::checkpoint::{Diagnostic, Severity};
use crate::text::shown;

/// One tensor as the header describes it.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    pub(super) dtype: Cow<'a, str>,
    pub(super) shape: Vec<u64>,
    pub(super) data_offsets: [u64; 2],
}

/// The header. Rows keep their order, metadata becomes text whatever it was.
#[derive(Debug, Default)]
pub(super) struct Header<'a> {
    pub(super) rows: Vec<(Cow<'a, str>, Row<'a>)>,
    pub(super) metadata: Vec<(String, String)>,
    /// Metadata values that are not text, which the format demands.
    not_text: Vec<String>,
}

impl Header<'_> {
    /// What is wrong with the header itself.
    pub(super) fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for name in duplicates(&self.rows).into_iter().take(10) {
            let text = format!(
                "the name {} stands twice in the header; the official library takes one of them silently",
                shown(name)
            );
            found.push(Diagnostic::new(Severity::Broken, "ST_DUPLICATE", text));
        }
        if let Some(name) = self.not_text.first() {
            let text = format!("metadata {} is not text; the official library refuses the file", shown(name));
            found.push(Diagnostic::new(Severity::Warning, "ST_METADATA", text));
        }
        found
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Header<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Rows<'a> {
            type Value = Header<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header<'a>, A::Error> {
                let mut header = Header::default();
                while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
                    if name == "__metadata__" {
                        header.read_metadata(map.next_value()?);
                    } else {
                        header.rows.push((name, map.next_value()?));
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Rows(std::marker::PhantomData))
    }
}

impl Header<'_> {
    fn read_metadata(&mut self, metadata: serde_json::Value) {
        let serde_json::Value::Object(map) = metadata else { return };
        for (name, value) in map {
            let text = match value {
                serde_json::Value::String(text) => text,
                other => {
                    self.not_text.push(name.clone());
                    other.to_string()
                }
            };
            self.metadata.push((name, text));
        }
    }
}

/// A key, borrowed unless it has escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
