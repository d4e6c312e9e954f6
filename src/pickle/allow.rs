//! What `torch.load` would think of the names in a pickle: an allow-list, never a claim of safety.
//!
//! Rules: `torch._weights_only_unpickler` of torch 2.13 (formats.md §3.4). The word "safe" is never used:
//! a name is on torch's list, unknown, or known to run code.

use super::danger::danger;
use crate::checkpoint::Verdict;
use crate::tensor::DType;

/// What was seen while reading the pickles of a file.
#[derive(Debug, Default, Clone)]
pub struct Summary {
    /// First instruction outside the subset `weights_only=True` implements, as (opcode, offset).
    pub foreign_opcode: Option<(u8, usize)>,
    /// Offset of the first persistent id that is not a storage's.
    pub foreign_id: Option<usize>,
    /// Offset of the first `SETITEM`, `APPEND` or `BUILD` on a value `weights_only=True` refuses it on.
    pub foreign_target: Option<usize>,
    /// Offset of the first instruction on which a frame's end falls: the C unpickler reads on behind the
    /// frame there, and other readers do not.
    pub frame_fault: Option<usize>,
}

impl Summary {
    /// True when nothing but names decides whether `weights_only=True` suffices.
    pub fn plain(&self) -> bool {
        self.foreign_opcode.is_none() && self.foreign_id.is_none() && self.foreign_target.is_none()
    }
}

/// Names on the list beside dtypes, storages and tensor classes, which are told by their spelling.
const ALLOWED: &[(&str, &[&str])] = &[
    ("_codecs", &["encode"]),
    ("builtins", &["bytearray", "complex", "set"]),
    ("collections", &["Counter", "OrderedDict"]),
    ("torch._tensor", &["_rebuild_from_type_v2"]),
    (
        "torch._utils",
        &[
            "_rebuild_device_tensor_from_cpu_tensor",
            "_rebuild_device_tensor_from_numpy",
            "_rebuild_meta_tensor_no_storage",
            "_rebuild_nested_tensor",
            "_rebuild_parameter",
            "_rebuild_parameter_with_state",
            "_rebuild_qtensor",
            "_rebuild_sparse_tensor",
            "_rebuild_tensor",
            "_rebuild_tensor_v2",
            "_rebuild_tensor_v3",
            "_rebuild_wrapper_subclass",
        ],
    ),
    ("torch.nn.parameter", &["Parameter"]),
    ("torch.serialization", &["_get_layout"]),
    ("torch.storage", &["TypedStorage", "UntypedStorage"]),
    (
        "torch",
        &[
            "Size",
            "Tensor",
            "device",
            "per_channel_affine",
            "per_channel_affine_float_qparams",
            "per_channel_symmetric",
            "per_tensor_affine",
            "per_tensor_symmetric",
        ],
    ),
];

/// Names outside the list whose call or instance is known to be plain data: what `weights_only=True` refuses
/// without reason to fear it. Of modules with a star, everything.
#[rustfmt::skip]
const DATA: &[(&str, &[&str])] = &[
    ("argparse", &["Namespace"]),
    ("types", &["SimpleNamespace"]),
    ("builtins", &["bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "slice", "str", "tuple", "type"]),
    ("collections", &["ChainMap", "UserDict", "UserList", "UserString", "defaultdict", "deque"]),
    ("copyreg", &["_reconstructor", "__newobj__", "__newobj_ex__"]),
    ("datetime", &["date", "datetime", "time", "timedelta", "timezone", "tzinfo"]),
    ("decimal", &["Decimal"]),
    ("fractions", &["Fraction"]),
    ("pathlib", &["PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath"]),
    ("uuid", &["UUID", "SafeUUID"]),
    ("zoneinfo", &["ZoneInfo._unpickle"]),
    ("random", &["Random"]),
    ("numpy", &["dtype", "ndarray", "bool_", "float16", "float32", "float64", "int32", "int64", "uint8", "int8", "int16", "generic"]),
    ("numpy.core.multiarray", &["_reconstruct", "scalar"]),
    ("numpy._core.multiarray", &["_reconstruct", "scalar"]),
    ("numpy.core.numeric", &["_frombuffer"]),
    ("numpy._core.numeric", &["_frombuffer"]),
    ("numpy.random._pickle", &["*"]),
    ("numpy.random.bit_generator", &["SeedSequence", "__pyx_unpickle_SeedSequence"]),
    ("numpy.ma.core", &["_mareconstruct", "MaskedArray"]),
    ("torch.storage", &["TypedStorage", "_TypedStorage"]),
    ("torch", &["Generator", "UntypedStorage"]),
    ("torch._utils", &["*"]),
    ("torch._tensor", &["_rebuild_from_type"]),
    ("torch.nn.parameter", &["Buffer", "UninitializedBuffer", "UninitializedParameter"]),
    ("torch.return_types", &["*"]),
    ("torch.jit._pickle", &["*"]),
    ("omegaconf.dictconfig", &["DictConfig"]),
    ("omegaconf.listconfig", &["ListConfig"]),
    ("omegaconf.base", &["*"]),
    ("omegaconf.nodes", &["*"]),
    ("typing", &["*"]),
];

/// Libraries whose classes stand in ordinary checkpoints (settings, enumerations). Their functions are another
/// matter, and what is known to run code among them is in [`danger`].
const LIBRARIES: [&str; 18] = [
    "torch",
    "torchvision",
    "torchaudio",
    "numpy",
    "transformers",
    "accelerate",
    "deepspeed",
    "peft",
    "diffusers",
    "lightning",
    "pytorch_lightning",
    "timm",
    "mmengine",
    "mmcv",
    "ultralytics",
    "fairseq",
    "fairseq2",
    "omegaconf",
];

/// True for a class, by its spelling, of a library whose classes stand in ordinary checkpoints.
pub fn is_library_class(module: &str, name: &str) -> bool {
    let top = module.split('.').next().unwrap_or(module);
    let leaf = name.rsplit('.').next().unwrap_or(name);
    LIBRARIES.contains(&top) && leaf.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Classes that act when they are made; a script that imports one lends it to pickles as `__main__.Popen`.
const ACTING: [&str; 8] = ["Popen", "CDLL", "PyDLL", "WinDLL", "OleDLL", "FileIO", "FTP", "SMTP"];

/// True for a class, by its spelling, of the script that saved the file (`__main__.Color`, as enumerations are
/// pickled): a class nothing is known about, and no function an attacker could choose.
pub fn is_script_class(module: &str, name: &str) -> bool {
    let mut steps = name.split('.');
    matches!(module, "__main__" | "__mp_main__")
        && steps.all(|step| step.starts_with(|c: char| c.is_ascii_uppercase()) && !ACTING.contains(&step))
}

/// True for names whose call is known to make plain data, though torch does not list them.
pub fn is_data(module: &str, name: &str) -> bool {
    DATA.iter().any(|(m, names)| *m == module && names.iter().any(|n| *n == "*" || *n == name))
        || module == "torch" && (name.ends_with("Storage") || name.ends_with("Tensor"))
}

/// What torch would think of the global `module.name`.
///
/// "Runs code" is said of names [`danger`] knows; the absence of such a name says nothing.
pub fn verdict(module: &str, name: &str) -> Verdict {
    if is_allowed(module, name) {
        return Verdict::Allowed;
    }
    if danger(module, name).is_some() { Verdict::RunsCode } else { Verdict::Unknown }
}

fn is_allowed(module: &str, name: &str) -> bool {
    if ALLOWED.iter().any(|(m, names)| *m == module && names.contains(&name)) {
        return true;
    }
    match module {
        "torch" => is_dtype(name) || is_storage(name) || is_tensor_class(name),
        "torch.cuda" => is_storage(name) && !name.starts_with('Q') || is_tensor_class(name),
        "torch.sparse" | "torch.cuda.sparse" => is_tensor_class(name) && name != "BoolTensor",
        _ => false,
    }
}

/// Canonical dtype names, and the sub-byte integers, which are values only.
fn is_dtype(name: &str) -> bool {
    let canonical = DType::from_torch(name).is_some_and(|d| d.name() == name && name != "bcomplex32");
    let narrow = name.strip_prefix("uint").or_else(|| name.strip_prefix("int"));
    canonical || narrow.is_some_and(|n| matches!(n, "1" | "2" | "3" | "4" | "5" | "6" | "7"))
}

fn is_storage(name: &str) -> bool {
    !name.starts_with("Untyped") && !name.contains("Typed") && DType::from_storage_class(name).is_some()
}

fn is_tensor_class(name: &str) -> bool {
    matches!(
        name.strip_suffix("Tensor"),
        Some("BFloat16" | "Bool" | "Byte" | "Char" | "Double" | "Float" | "Half" | "Int" | "Long" | "Short")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn torchs_own_list_is_allowed() {
        for (module, name) in [
            ("torch", "float8_e4m3fn"),
            ("torch", "uint3"),
            ("torch", "QUInt2x4Storage"),
            ("torch.cuda", "HalfStorage"),
            ("torch.cuda.sparse", "LongTensor"),
            ("torch.storage", "UntypedStorage"),
            ("collections", "OrderedDict"),
            ("torch._utils", "_rebuild_tensor_v2"),
            ("torch", "per_tensor_affine"),
        ] {
            assert_eq!(verdict(module, name), Verdict::Allowed, "{module}.{name}");
        }
    }

    #[test]
    fn what_is_not_on_the_list_is_not_allowed() {
        for (module, name) in [
            ("torch", "float"),
            ("torch.cuda", "QInt8Storage"),
            ("argparse", "Namespace"),
            ("torch", "UntypedStorage"),
            ("collections", "defaultdict"),
            ("numpy._core.multiarray", "scalar"),
            ("builtins", "getattr"),
        ] {
            assert_eq!(verdict(module, name), Verdict::Unknown, "{module}.{name}");
        }
        for (module, name) in [
            ("os", "system"),
            ("posix", "system"),
            ("builtins", "eval"),
            ("torch._utils", "torch.os.system"),
            ("torch.serialization", "load"),
            ("importlib.util", "find_spec"),
        ] {
            assert_eq!(verdict(module, name), Verdict::RunsCode, "{module}.{name}");
        }
    }
}
