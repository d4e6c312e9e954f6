//! The JSON header, deserialised row by row into whoever takes the rows: a million tensors need no tree of
//! JSON values, and no list of rows either.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

/// One tensor as the header describes it.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    pub(super) dtype: Cow<'a, str>,
    pub(super) shape: Vec<u64>,
    pub(super) data_offsets: [u64; 2],
}

/// Takes what a header holds, in its order.
pub(super) trait Take {
    /// A tensor.
    fn row(&mut self, name: &str, row: &Row<'_>);
    /// The value of `__metadata__`, whatever it is.
    fn metadata(&mut self, value: serde_json::Value);
}

/// Reads `header` into `taker`.
pub(super) fn read(header: &[u8], taker: &mut dyn Take) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_slice(header);
    Rows(taker).deserialize(&mut deserializer)?;
    deserializer.end()
}

struct Rows<'t>(&'t mut dyn Take);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
            if name == "__metadata__" {
                self.0.metadata(map.next_value()?);
            } else {
                self.0.row(&name, &map.next_value()?);
            }
        }
        Ok(())
    }
}

/// A key, borrowed unless it has escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> serde::de::Deserialize<'de> for Name<'de> {
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
