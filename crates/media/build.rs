//! Tells the crate where this FFmpeg keeps the display matrix: on the stream (before 6.1) or in
//! the codec parameters (since). The wrapper crate decides it the same way.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(stream_side_data)");
    println!("cargo::rustc-check-cfg=cfg(codec_params_side_data)");
    for feature in ac_ffmpeg_features::ffmpeg_features(false) {
        if feature == "stream_side_data" || feature == "codec_params_side_data" {
            println!("cargo::rustc-cfg={feature}");
        }
    }
}
