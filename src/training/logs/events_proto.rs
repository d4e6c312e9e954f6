//! The wire format of protocol buffers, as far as a TensorBoard event needs it: fields of a message, borrowed
//! from its bytes, and nothing of what follows once the bytes contradict themselves.

/// The value of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn double(self) -> Option<f64> {
        match self {
            Self::Fixed64(bytes) => Some(f64::from_le_bytes(bytes)),
            Self::Fixed32(bytes) => Some(f64::from(f32::from_le_bytes(bytes))),
            Self::Varint(n) => Some(n as f64),
            Self::Bytes(_) => None,
        }
    }
}

/// The fields of a message, in its order.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(self.take(8)?.try_into().ok()?),
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(len)?)
            }
            5 => Field::Fixed32(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((key >> 3, field))
    }
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }
}

/// The first field `number` of a message.
pub(super) fn first(message: &[u8], number: u64) -> Option<Field<'_>> {
    Fields(message).find(|(n, _)| *n == number).map(|(_, field)| field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_order_and_an_end_where_bytes_are_missing() {
        let message = [0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f, 0x12, 9];
        let fields: Vec<_> = Fields(&message).collect();
        let want =
            [(1, Field::Varint(150)), (2, Field::Bytes(b"hi")), (3, Field::Fixed32([0, 0, 0x80, 0x3f]))];
        assert_eq!(fields, want);
        assert_eq!(first(&message, 3).and_then(Field::double), Some(1.0));
        assert!(Fields(&[0xff; 12]).next().is_none());
    }
}
