//! What each code means, in one table: for SARIF, the documentation, and whoever asks.

/// What `code` means; an empty text for one that is not known.
pub fn explain(code: &str) -> &'static str {
    TABLE.iter().find(|(known, _)| *known == code).map_or("", |(_, text)| text)
}

/// Every code with its meaning, in alphabetical order.
#[rustfmt::skip]
pub(super) const TABLE: &[(&str, &str)] = &[
    ("ALL_ZERO", "The file holds nothing but zeros at its start: it was allocated and never written."),
    ("BYTEORDER", "The record of the byte order says neither little nor big."),
    ("CHANGED", "The file changed while it was read; what was found is thrown away."),
    ("CONCATENATED", "Several saves follow each other in one file; only the first is read."),
    ("CRC_MISMATCH", "A member's bytes have another checksum than recorded. torch.load does not notice."),
    ("CRC_NOT_RECORDED", "The archive was written without checksums, so damage to it cannot be seen."),
    ("DCP_CHUNK", "Chunks of a distributed checkpoint lie in shards that are not there."),
    ("DCP_GAP", "The chunks of a distributed tensor do not cover it exactly once."),
    ("DCP_ITEM", "An object of a distributed checkpoint cannot be read."),
    ("DCP_ITEMS", "Objects beside the tensors that were not read while listing."),
    ("DCP_TRANSFORM", "Tensors were compressed while a distributed checkpoint was saved; they are listed only."),
    ("DCP_UNFINISHED", "A distributed checkpoint without .metadata, which is written last."),
    ("DTYPE", "A dtype or storage class is unknown."),
    ("DUPLICATE_KEY", "A key stands twice in a mapping; the last value counts."),
    ("EMPTY_FILE", "The file has no bytes."),
    ("EXTENSION", "The file's name promises another format than its content is."),
    ("EXTERNAL_DATA", "A tensor of an ONNX file lies in another file, which cannot be used."),
    ("GGUF_ALIGN", "The alignment of a GGUF file, or an offset, is impossible."),
    ("GGUF_BLOCK", "A row of a GGUF tensor is not a whole number of blocks."),
    ("GGUF_COUNT", "A GGUF file counts more than it can hold."),
    ("GGUF_DEPTH", "Arrays of a GGUF file are nested too deep."),
    ("GGUF_DUPLICATE", "A key or tensor of a GGUF file stands twice."),
    ("GGUF_LENGTH", "A length in a GGUF file is longer than the file."),
    ("GGUF_OVERLAP", "Tensors of a GGUF file lie on each other's bytes."),
    ("GGUF_TYPE", "A value of a GGUF file has an unknown or unfitting type."),
    ("GGUF_UTF8", "A name in a GGUF file is not UTF-8."),
    ("HDF5_CHUNKS", "The chunks of an HDF5 dataset are too large to be decoded."),
    ("HDF5_GROUP", "A group of an HDF5 file cannot be read."),
    ("HDF5_GROUPS", "An HDF5 file has more groups than are looked at."),
    ("HEADER", "A header is malformed."),
    ("INDEX_JSON", "The index of a sharded checkpoint is malformed."),
    ("INDEX_MISMATCH", "The index of a sharded checkpoint names tensors its shards lack."),
    ("INDEX_MISSING", "A shard the index names is not there."),
    ("INDEX_PATH", "The index of a sharded checkpoint names a file outside its folder."),
    ("INDEX_SIZE", "The index says another number of bytes than the shards hold."),
    ("INF", "A tensor holds infinite elements."),
    ("IO", "The operating system failed a read."),
    ("LFS_POINTER", "A git-LFS pointer: the file itself is not downloaded."),
    ("LIMIT", "The file wants more than the limits grant."),
    ("LOOKS_LIKE_HTML", "An HTML or XML page: a failed download."),
    ("META_NEGATIVE", "A size, stride or offset is negative."),
    ("META_OOB", "A tensor reaches beyond its storage."),
    ("META_OVERFLOW", "A tensor reaches beyond anything a file can hold."),
    ("META_TYPE", "The description of a tensor or storage is of another type than torch writes."),
    ("MISSING_STORAGE", "A storage the pickle names is not in the file."),
    ("MORE", "More findings like these were counted and not listed."),
    ("NAN", "A tensor holds elements that are not a number."),
    ("NDIM", "A tensor has more dimensions than torch allows."),
    ("NESTED", "Bytes that should be a pickled storage are not."),
    ("NOT_A_CHECKPOINT", "The content is recognised and is no checkpoint."),
    ("NOT_REGULAR", "Not a regular file: a pipe, socket, device or folder."),
    ("NO_DATA_PKL", "A zip archive without a torch checkpoint in it."),
    ("NO_VERSION", "The archive has no version record; torch.load refuses it."),
    ("NPY_HEADER", "The header of a numpy array is malformed."),
    ("NPY_OBJECT", "A numpy array of objects, which are pickled."),
    ("ORBAX_OCDBT", "The values of an Orbax checkpoint lie in a database that is not read."),
    ("OTHER_COPY", "The folder holds the weights a second time."),
    ("PERMISSION", "The file may not be read."),
    ("PICKLE_BUDGET", "The pickle builds more objects than the limit grants (--max-mem)."),
    ("PICKLE_DEPTH", "Values are nested deeper than is listed."),
    ("PICKLE_EOF", "The pickle ends early."),
    ("PICKLE_EXT", "The pickle uses an extension code, or one that cannot be."),
    ("PICKLE_FRAME", "A frame of the pickle ends where no instruction does; Python's two unpicklers differ there."),
    ("PICKLE_GLOBAL", "The pickle names a module no Python module can be called."),
    ("PICKLE_LENGTH", "A length in the pickle is longer than what is left of it."),
    ("PICKLE_MEMO", "The pickle fetches a value it never stored, or an index is malformed."),
    ("PICKLE_NUMBER", "A number in the pickle is malformed."),
    ("PICKLE_OPCODE", "An instruction of the pickle does not exist, or needs what the file does not hold."),
    ("PICKLE_PERSID", "A persistent id has a form torch does not write."),
    ("PICKLE_PROTO", "The pickle is of a protocol that does not exist."),
    ("PICKLE_STACK", "The pickle takes more from its stack than is there."),
    ("PICKLE_STRING", "A string in the pickle is malformed."),
    ("PICKLE_TYPE", "The pickle does with a value what its type does not allow."),
    ("PICKLE_UTF8", "A name in the pickle is not UTF-8."),
    ("RUNS_CODE", "Unpickling the file would run code."),
    ("SB3", "An agent of stable-baselines3."),
    ("SETTINGS", "A file of settings cannot be read."),
    ("SHARD_BROKEN", "A file of the folder cannot be read."),
    ("SHARD_EXTRA", "Tensors are in a shard and not in the index."),
    ("SHARD_MISSING", "Files the checkpoint is made of are not there."),
    ("SHARD_UNNAMED", "A file looks like a shard, and nothing names it."),
    ("SHARED_WALK", "A value is shared under more names than are listed."),
    ("SPARSE_FILE", "Next to nothing of the file is on disk, so its elements were not read."),
    ("SPLIT", "The file is one part of a split model."),
    ("SPLIT_MISSING", "Other parts of a split file are not there."),
    ("STORAGE_BLOAT", "Much of the stored bytes belongs to no tensor: views of larger tensors were saved."),
    ("STORAGE_DUP", "A storage key stands twice in the list of storages."),
    ("STORAGE_SIZE", "A storage has another size than the pickle says."),
    ("ST_DUPLICATE", "A name stands twice in a safetensors header."),
    ("ST_HEADER_TOO_LARGE", "A safetensors header is larger than the format allows."),
    ("ST_HOLE", "Bytes of a safetensors file belong to no tensor."),
    ("ST_JSON", "A safetensors header is malformed."),
    ("ST_OFFSETS", "A range of a safetensors header is impossible."),
    ("ST_OVERFLOW", "A shape of a safetensors header is larger than anything."),
    ("ST_OVERLAP", "Tensors of a safetensors file lie on each other's bytes."),
    ("ST_SIZE", "A shape and a range of a safetensors header contradict each other."),
    ("ST_TRAILING", "Bytes follow the last tensor of a safetensors file."),
    ("ST_UTF8", "A safetensors header is not UTF-8."),
    ("TF_SLICES", "A tensor of a TensorFlow checkpoint is kept in slices, which are not put together."),
    ("TRAILING_DATA", "Bytes follow what is read; they may be anything."),
    ("TRUNCATED", "The file ends before its own structure says it does."),
    ("UNKNOWN_CALL", "Unpickling the file would call a function nothing is known about."),
    ("UNKNOWN_FORMAT", "The content is of no format this program knows."),
    ("UNKNOWN_GLOBAL", "The pickle names classes that are not on torch's weights_only list."),
    ("UNREADABLE", "Elements of a tensor could not be read."),
    ("UNSUPPORTED", "The format is known and not read by this version."),
    ("UNSUPPORTED_GGML", "A file of the time before GGUF."),
    ("UNSUPPORTED_TAR", "A tar of a kind that is not read."),
    ("VERSION", "A version is recorded that does not exist."),
    ("VIEW_EXPANDED", "A tensor counts far more elements than it has bytes (an expanded view)."),
    ("WEIGHTS_ONLY", "torch.load(weights_only=True) refuses the file whatever classes it is allowed."),
    ("ZARR", "An array of an Orbax checkpoint cannot be read."),
    ("ZERO_PLACEHOLDER", "Weights of shape (0,): placeholders of ZeRO stage 3, whose values are in the optimizer files."),
    ("ZERO_RANKS", "Partitions of ranks are not there, or there are more than ranks."),
    ("ZIP_AMBIGUOUS_EOCD", "The archive ends more than once; readers differ in which end they take."),
    ("ZIP_BOMB", "A member inflates to far more than anything needs."),
    ("ZIP_CD", "The zip directory is malformed."),
    ("ZIP_COUNT", "The zip end record counts other members than there are."),
    ("ZIP_DEFLATE", "A deflated member is malformed, or has another size than declared."),
    ("ZIP_DUPLICATE", "A member stands twice in the archive; readers differ in which they take."),
    ("ZIP_EXTRA_PICKLE", "The archive holds a pickle torch.load never reads."),
    ("ZIP_FLAGS", "Flags of a member say what is not so, which makes other readers skip it."),
    ("ZIP_LOCAL_HEADER", "There is no member where the directory says."),
    ("ZIP_METHOD", "A member is compressed in a way that is not read, or its two headers differ in it."),
    ("ZIP_MULTIDISK", "The archive says it is one of several volumes."),
    ("ZIP_NAME_MISMATCH", "A member has two names; readers differ in which they see."),
    ("ZIP_OFFSET", "A member lies outside the archive."),
    ("ZIP_OVERLAP", "Members lie on each other's bytes."),
    ("ZIP_PREFIX", "Bytes lie before the archive; torch.load refuses the file."),
    ("ZIP_ROOTS", "Members lie outside the archive's root folder; torch.load refuses the file."),
    ("ZIP_SIZE", "The size of a member is impossible."),
    ("ZIP_SIZE_MISMATCH", "A member has two sizes; readers differ in which they believe."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_stand_once() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    /// Every code the sources spell out is in the table.
    #[test]
    fn every_code_is_explained() {
        let mut missing = Vec::new();
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    for call in [
                        "Severity::Info, \"",
                        "Severity::Warning, \"",
                        "Severity::Broken, \"",
                        "Severity::Dangerous, \"",
                        "coded(\"",
                    ] {
                        for rest in text.split(call).skip(1) {
                            let code = rest.split('"').next().unwrap();
                            if code.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                                && code.len() > 3
                                && explain(code).is_empty()
                            {
                                missing.push(format!("{code} in {}", path.display()));
                            }
                        }
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }
}
