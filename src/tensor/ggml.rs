//! The packed types of ggml: blocks of elements that share scales (formats.md §8).

/// A packed type, under ggml's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, non_camel_case_types)]
#[non_exhaustive]
pub enum Ggml {
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q8_1,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    Q8_K,
    IQ2_XXS,
    IQ2_XS,
    IQ3_XXS,
    IQ1_S,
    IQ4_NL,
    IQ3_S,
    IQ2_S,
    IQ4_XS,
    IQ1_M,
    TQ1_0,
    TQ2_0,
    MXFP4,
    NVFP4,
    Q1_0,
}

/// Each type with its name, its number in a file, the elements of a block and their bytes.
const TABLE: &[(Ggml, &str, u32, u64, u64)] = {
    use Ggml as G;
    &[
        (G::Q4_0, "Q4_0", 2, 32, 18),
        (G::Q4_1, "Q4_1", 3, 32, 20),
        (G::Q5_0, "Q5_0", 6, 32, 22),
        (G::Q5_1, "Q5_1", 7, 32, 24),
        (G::Q8_0, "Q8_0", 8, 32, 34),
        (G::Q8_1, "Q8_1", 9, 32, 36),
        (G::Q2_K, "Q2_K", 10, 256, 84),
        (G::Q3_K, "Q3_K", 11, 256, 110),
        (G::Q4_K, "Q4_K", 12, 256, 144),
        (G::Q5_K, "Q5_K", 13, 256, 176),
        (G::Q6_K, "Q6_K", 14, 256, 210),
        (G::Q8_K, "Q8_K", 15, 256, 292),
        (G::IQ2_XXS, "IQ2_XXS", 16, 256, 66),
        (G::IQ2_XS, "IQ2_XS", 17, 256, 74),
        (G::IQ3_XXS, "IQ3_XXS", 18, 256, 98),
        (G::IQ1_S, "IQ1_S", 19, 256, 50),
        (G::IQ4_NL, "IQ4_NL", 20, 32, 18),
        (G::IQ3_S, "IQ3_S", 21, 256, 110),
        (G::IQ2_S, "IQ2_S", 22, 256, 82),
        (G::IQ4_XS, "IQ4_XS", 23, 256, 136),
        (G::IQ1_M, "IQ1_M", 29, 256, 56),
        (G::TQ1_0, "TQ1_0", 34, 256, 54),
        (G::TQ2_0, "TQ2_0", 35, 256, 66),
        (G::MXFP4, "MXFP4", 39, 32, 17),
        (G::NVFP4, "NVFP4", 40, 64, 36),
        (G::Q1_0, "Q1_0", 41, 128, 18),
    ]
};

impl Ggml {
    fn row(self) -> (&'static str, u32, u64, u64) {
        let row = TABLE.iter().find(|row| row.0 == self);
        row.map_or(("unknown", u32::MAX, 1, 1), |row| (row.1, row.2, row.3, row.4))
    }

    /// All packed types.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// ggml's name.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The type a file gives the number `id`.
    pub fn from_id(id: u32) -> Option<Self> {
        TABLE.iter().find(|row| row.2 == id).map(|row| row.0)
    }

    /// Elements of a block. Rows are whole blocks.
    pub fn block(self) -> u64 {
        self.row().2
    }

    /// Bytes of a block.
    pub fn bytes(self) -> u64 {
        self.row().3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    #[test]
    fn numbers_lead_to_types_and_blocks_to_bytes() {
        for packed in Ggml::all() {
            assert_eq!(Ggml::from_id(packed.row().1), Some(packed));
        }
        let packed = DType::Ggml(Ggml::Q4_K);
        assert_eq!((packed.name(), packed.bytes_for(512)), ("Q4_K", Some(288)));
        assert_eq!(DType::Ggml(Ggml::Q8_K).bytes_for(u64::MAX), None);
    }
}
