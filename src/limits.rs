//! Every bound on untrusted input, in one place, with the reason for its number.
//!
//! Nothing in the reading half allocates from a number in a file without comparing it with what is left
//! of that file or with one of these first.

/// Bounds for one file. `Default` is what the program runs with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Longest pickle read into memory, in bytes. `data.pkl` of a 1,000,000-tensor state dict is 150 MB.
    pub pickle_bytes: u64,
    /// Memory for the objects a pickle builds, in bytes (the figure candle settled on).
    pub object_bytes: usize,
    /// Deepest nesting kept in full; beyond it values are still read, but shown as "nested deeper".
    pub depth: usize,
    /// Visits of one walk over the object graph: shared values are not expanded without end.
    pub walk: usize,
    /// Bytes of the names of all tensors together, where they are longer than 512 bytes each on the average: one
    /// long key above a thousand tensors is part of a thousand names.
    pub names: usize,
    /// Members of one zip archive.
    pub zip_entries: u64,
    /// Bytes of one zip central directory.
    pub zip_directory: u64,
    /// Bytes of the JSON header of a safetensors file (the format's own bound).
    pub safetensors_header: u64,
    /// Metadata entries of a GGUF file.
    pub gguf_pairs: u64,
    /// Tensors of a GGUF file.
    pub gguf_tensors: u64,
    /// Bytes of a small text record of an archive (`version`, `byteorder`, module source …).
    pub text_record: u64,
    /// Bytes of a JSON file beside the weights (an index of shards, the history of a trainer).
    pub json_bytes: u64,
    /// Most dimensions of a tensor (torch's own bound).
    pub dimensions: usize,
    /// One-element tensors whose value is read while opening.
    pub scalar_reads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pickle_bytes: 1 << 30,
            object_bytes: 512 << 20,
            depth: 1_000,
            walk: 2_000_000,
            names: 64 << 20,
            zip_entries: 4_000_000,
            zip_directory: 1 << 30,
            safetensors_header: 100_000_000,
            gguf_pairs: 100_000,
            gguf_tensors: 10_000_000,
            text_record: 1 << 20,
            json_bytes: 100_000_000,
            dimensions: 64,
            scalar_reads: 10_000,
        }
    }
}
