//! Tells the libtorch helper where libtorch is, so that it starts without `LD_LIBRARY_PATH`.

fn main() {
    println!("cargo:rerun-if-changed=src/bin/ckpt-tui-torch/build.rs");
    // torch-sys says where it found libtorch; without the feature `tch` there is nothing to say.
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg-bin=ckpt-tui-torch=-Wl,-rpath,{folder}");
    }
}
