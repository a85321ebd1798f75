//! Workers that break the record protocol. The bytes are written by hand, not by the crate's own
//! encoder, which cannot lie.

use std::io::Write;
use std::process::ExitCode;

const JAILED: u8 = 1;
const DESCRIBED: u8 = 2;
const FRAME: u8 = 3;
const PCM: u8 = 4;
const END: u8 = 5;
const REFUSED: u8 = 6;

pub(crate) fn tell(name: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    // The parent stops listening as soon as it sees the lie; that is what is tested.
    let _result = lie(name, &mut out);
    let _flushed = out.flush();
    if name == "end-then-crash" {
        std::process::abort();
    }
    if name == "end-then-stay" {
        rustix::stdio::dup2_stdout(rustix::stdio::stderr()).expect("close the pipe");
        loop {
            std::thread::park();
        }
    }
    ExitCode::from(u8::from(name == "end-then-fail"))
}

/// Lets the parent believe that the work has begun, so that it does not try another worker.
pub(crate) fn claim_jail() {
    let mut out = std::io::stdout().lock();
    record(&mut out, JAILED, 0, &[2]).expect("a listening parent");
    out.flush().expect("a listening parent");
}

fn lie(name: &str, out: &mut impl Write) -> std::io::Result<()> {
    match name {
        "garbage" => return out.write_all(&[0xa5; 4096]),
        "nothing" => return Ok(()),
        "half-header" => return out.write_all(&[JAILED, 1, 0]),
        "weak-jail" => return record(out, JAILED, 0, &[0]),
        "partial-jail" => return record(out, JAILED, 0, &[1]),
        "unknown-jail" => return record(out, JAILED, 0, &[9]),
        "frame-before-jail" => return frame(out, 0, 2, 2),
        _ => {}
    }
    record(out, JAILED, 0, &[2])?;
    if name == "unreadable-description" {
        return record(out, DESCRIBED, 0, &[0xff; 40]);
    }
    if name == "padded-description" {
        return record(out, DESCRIBED, 0, b"\x00\x04h264\x04\x04\x01\x00and more");
    }
    if name == "refused-unknown" {
        return record(out, REFUSED, 0, &[200]);
    }
    // Matroska, "h264", 4 by 4, upright, no sound.
    record(out, DESCRIBED, 0, b"\x00\x04h264\x04\x04\x01\x00")?;
    match name {
        "huge-record" => out.write_all(&header(FRAME, u32::MAX, 0)),
        "huge-frame" => frame(out, 0, 640, 641),
        "short-frame" => record(out, FRAME, 0, &[4, 0, 4, 0, 1, 2, 3]),
        "half-frame" => {
            out.write_all(&header(FRAME, 640 * 480 * 3 + 4, 0))?;
            out.write_all(&[1; 1000])
        }
        "endless-frames" => (0..).try_for_each(|index| frame(out, index, 4, 4)),
        "endless-sound" => (0..).try_for_each(|index| record(out, PCM, index, &vec![0; 32_000])),
        "time-goes-back" => {
            frame(out, 40_000, 4, 4)?;
            frame(out, 0, 4, 4)
        }
        "far-future" => frame(out, i64::MAX, 4, 4),
        "wrong-end" => end(out, 5),
        "after-end" => {
            end(out, 0)?;
            frame(out, 0, 4, 4)
        }
        "end-then-crash" | "end-then-fail" | "end-then-stay" => end(out, 0),
        "silence" => loop {
            out.flush()?;
            std::thread::park();
        },
        "drip" => {
            // One byte at a time, never a whole frame: each read succeeds, the job never ends.
            out.write_all(&header(FRAME, 640 * 480 * 3 + 4, 0))?;
            loop {
                out.write_all(&[0])?;
                out.flush()?;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
        _ => out.write_all(&header(99, 0, 0)),
    }
}

fn end(out: &mut impl Write, frames_count: u8) -> std::io::Result<()> {
    record(out, END, 0, &[frames_count, frames_count, 0, 0, 0])
}

fn frame(out: &mut impl Write, pts_us: i64, width: u16, height: u16) -> std::io::Result<()> {
    let mut payload = Vec::new();
    payload.extend(width.to_le_bytes());
    payload.extend(height.to_le_bytes());
    payload.resize(4 + usize::from(width) * usize::from(height) * 3, 7);
    record(out, FRAME, pts_us, &payload)
}

fn record(out: &mut impl Write, kind: u8, pts_us: i64, payload: &[u8]) -> std::io::Result<()> {
    let size_bytes = u32::try_from(payload.len()).expect("small payloads");
    out.write_all(&header(kind, size_bytes, pts_us))?;
    out.write_all(payload)
}

fn header(kind: u8, size_bytes: u32, pts_us: i64) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(size_bytes.to_le_bytes());
    bytes.extend(pts_us.to_le_bytes());
    bytes
}
