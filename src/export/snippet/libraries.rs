//! Files of other libraries: the call of the library that wrote them.

use super::Script;
use crate::checkpoint::{Checkpoint, Format};
use crate::export::python;
use crate::tensor::{DType, Numeric};

/// Writes the lines for a container of another library than torch; `false` for one of torch's own.
pub(super) fn lines(checkpoint: &Checkpoint, script: &mut Script) -> bool {
    let path = python::path(checkpoint.path());
    match checkpoint.format() {
        Format::Gguf => gguf(checkpoint, &path, script),
        Format::Npy | Format::Npz => numpy(checkpoint, &path, script),
        Format::Hdf5 => hdf5(checkpoint, &path, script),
        Format::Keras => {
            script.imports.push("import keras");
            script.line(format!("model = keras.models.load_model({path})"));
            script.note("layers of your own must be importable, or given as custom_objects={…}");
        }
        Format::Onnx => {
            script.imports.push("import onnx");
            script.line(format!("program = onnx.load({path})"));
            script.line(
                "state_dict = {t.name: onnx.numpy_helper.to_array(t) for t in program.graph.initializer}",
            );
        }
        Format::Paddle => {
            script.imports.push("import paddle");
            script.line(format!("state_dict = paddle.load({path})"));
            script.note("loading it runs the pickle, so only for files you trust");
        }
        Format::FlaxMsgpack => {
            script.imports.push("from flax.serialization import msgpack_restore");
            script.line(format!("with open({path}, \"rb\") as file:"));
            script.line("    state = msgpack_restore(file.read())");
        }
        Format::TfCheckpoint => tensorflow(checkpoint, script),
        Format::Nemo => {
            script.imports.push("from nemo.core import ModelPT");
            script.line(format!("model = ModelPT.restore_from({path})"));
        }
        Format::Orbax => {
            script.imports.extend(["import pathlib", "import orbax.checkpoint"]);
            script.line(format!("folder = pathlib.Path({path}).absolute()"));
            script.line("state = orbax.checkpoint.StandardCheckpointer().restore(folder)");
        }
        Format::TorchZip if checkpoint.diagnostics().iter().any(|d| d.code == "SB3") => {
            script.imports.push(
                "from stable_baselines3 import PPO  # or whichever algorithm the agent was trained with",
            );
            script.line(format!("model = PPO.load({path})"));
            script.note("loading an agent runs pickles, so only for files you trust");
        }
        _ => return false,
    }
    true
}

/// The package dequantises packed types, but takes plain ones of 64 bits and integers for unknown.
fn gguf(checkpoint: &Checkpoint, path: &str, script: &mut Script) {
    let dtypes = || checkpoint.tensors().iter().map(|entry| checkpoint.meta(entry).dtype);
    let packed = dtypes().any(|d| matches!(d, DType::Ggml(_) | DType::BFloat16));
    let others = dtypes().any(|d| d == DType::Float64 || d.numeric() == Numeric::Integer);
    let value = match (packed, others) {
        (false, _) => "t.data",
        (true, false) => "dequantize(t.data, t.tensor_type)",
        (true, true) => {
            "t.data if t.data.dtype.kind == \"i\" or t.data.dtype.itemsize == 8 else dequantize(t.data, t.tensor_type)"
        }
    };
    let import =
        if packed { "from gguf import GGUFReader, dequantize" } else { "from gguf import GGUFReader" };
    script.imports.push(import);
    script.line(format!("reader = GGUFReader({path})"));
    script.line(format!("state_dict = {{t.name: {value} for t in reader.tensors}}"));
}

fn numpy(checkpoint: &Checkpoint, path: &str, script: &mut Script) {
    let objects = checkpoint.tensors().iter().any(|e| checkpoint.meta(e).dtype == DType::Object);
    script.imports.push("import numpy as np");
    let flag = if objects { ", allow_pickle=True" } else { "" };
    let name = if checkpoint.format() == Format::Npy { "array" } else { "arrays" };
    script.line(format!("{name} = np.load({path}{flag})"));
    if objects {
        script.note("allow_pickle=True runs the pickle of its object arrays: only for files you trust");
    }
}

/// A whole Keras model has its configuration in it; weights alone go into a model that is there already.
fn hdf5(checkpoint: &Checkpoint, path: &str, script: &mut Script) {
    let tree = checkpoint.tree();
    let metadata = checkpoint.container_metadata();
    let attribute = |name| metadata.and_then(|m| tree.get(m, name)).is_some();
    let weights =
        ["layers", "_layer_checkpoint_dependencies"].iter().any(|n| tree.get(tree.root(), n).is_some());
    if attribute("model_config") {
        script.imports.push("import keras");
        script.line(format!("model = keras.models.load_model({path})"));
    } else if weights || attribute("keras_version") || attribute("layer_names") {
        script.line(format!("model.load_weights({path})"));
        script.note("`model` is a Keras model with the same layers");
    } else {
        script.imports.push("import h5py");
        script.line(format!("file = h5py.File({path}, \"r\")"));
    }
}

/// TensorFlow names a checkpoint by what its files begin with.
fn tensorflow(checkpoint: &Checkpoint, script: &mut Script) {
    let prefix = checkpoint.path().with_extension("");
    script.imports.push("import tensorflow as tf");
    script.line(format!("reader = tf.train.load_checkpoint({})", python::path(&prefix)));
    script
        .line("state_dict = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}");
}
