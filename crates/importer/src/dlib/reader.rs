//! Reads dlib's serialised layers.
//!
//! The file nests from the loss inwards and then lists the layers from the input outwards:
//! versions of all wrappers, input layer, then for every layer its tag (`con_4`, `affine_`, …),
//! its parameters, three flags and three or four (empty) gradient tensors. An integer is a control
//! byte (low nibble: count of bytes, top bit: sign) and its little-endian bytes; a float is an
//! integer mantissa and exponent; tensors hold plain little-endian floats.

use crate::error::ConvertError;

/// One layer, in the order in which data flows.
#[derive(Debug)]
pub(super) enum Layer {
    /// Convolution, weights as OIHW followed by one bias per filter.
    Con {
        filters: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        pad: [usize; 2],
        params: Vec<f32>,
    },
    /// Scale and shift per channel: all scales, then all shifts.
    Affine {
        params: Vec<f32>,
    },
    Relu,
    MaxPool(Pool),
    AvgPool(Pool),
    AddPrev,
    /// Fully connected without bias, weights as inputs × outputs.
    Fc {
        inputs: usize,
        outputs: usize,
        params: Vec<f32>,
    },
}

/// A pooling window in pixels; a size of zero means the whole plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pool {
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) pad: [usize; 2],
}

/// The whole file.
#[derive(Debug)]
pub(super) struct Network {
    /// Mean of red, green and blue that the input layer subtracts before dividing by 256.
    pub(super) means: [f32; 3],
    /// Height and width of the input, pixels.
    pub(super) size: [usize; 2],
    pub(super) layers: Vec<Layer>,
}

/// Far above the wrappers of the one network we read; stops a damaged file early.
const MAX_WRAPPERS: usize = 1_000;
/// Larger than any tag of dlib.
const MAX_TAG: usize = 64;

/// Reads the file to its last byte.
pub(super) fn read(bytes: &[u8]) -> Result<Network, ConvertError> {
    let mut cursor = Cursor { bytes, at: 0 };
    cursor.expect_version(&[1], "loss layer")?;
    cursor.expect_tag("loss_metric_2")?;
    cursor.float()?;
    cursor.float()?;
    let mut wrappers = 0;
    // The innermost wrapper has version 3; the others are layers (2) and tags or skips (1).
    while cursor.expect_version(&[1, 2, 3], "layer wrapper")? != 3 {
        wrappers += 1;
        if wrappers > MAX_WRAPPERS {
            return Err(malformed("too many nested layers"));
        }
    }
    cursor.expect_tag("input_rgb_image_sized")?;
    let means = [cursor.float()?, cursor.float()?, cursor.float()?];
    let size = [cursor.count()?, cursor.count()?];
    let mut layers = vec![cursor.layer()?];
    cursor.trailer(3)?;
    // `grad_final` is the third tensor of the innermost layer, then comes its sample expansion.
    cursor.finish_innermost()?;
    while cursor.at < bytes.len() {
        layers.push(cursor.layer()?);
        cursor.trailer(3)?;
    }
    Ok(Network {
        means,
        size,
        layers,
    })
}

fn malformed(detail: impl Into<String>) -> ConvertError {
    ConvertError::Malformed(detail.into())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, wanted: usize) -> Result<&'a [u8], ConvertError> {
        let part = self
            .at
            .checked_add(wanted)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or(ConvertError::Truncated {
                offset: self.at,
                wanted,
                length: self.bytes.len(),
            })?;
        self.at += wanted;
        Ok(part)
    }

    fn integer(&mut self) -> Result<i64, ConvertError> {
        let at = self.at;
        let control = self.take(1)?.first().copied().unwrap_or_default();
        let size = usize::from(control & 0x0f);
        if size == 0 || size > 8 || control & 0x70 != 0 {
            return Err(malformed(format!(
                "no integer at byte {at}: this is not a dlib network"
            )));
        }
        let mut wide = [0_u8; 8];
        wide.iter_mut()
            .zip(self.take(size)?)
            .for_each(|(to, from)| *to = *from);
        let value = i64::from_le_bytes(wide);
        Ok(if control & 0x80 == 0 {
            value
        } else {
            value.wrapping_neg()
        })
    }

    fn count(&mut self) -> Result<usize, ConvertError> {
        let at = self.at;
        let value = self.integer()?;
        usize::try_from(value).map_err(|_| malformed(format!("{value} at byte {at} is no count")))
    }

    fn float(&mut self) -> Result<f32, ConvertError> {
        let mantissa = self.integer()?;
        let exponent = self.integer()?;
        let exponent = i32::try_from(exponent)
            .map_err(|_| malformed(format!("exponent {exponent} before byte {}", self.at)))?;
        Ok((mantissa as f64 * 2_f64.powi(exponent)) as f32)
    }

    fn tag(&mut self) -> Result<String, ConvertError> {
        let at = self.at;
        let length = self.count()?;
        if length > MAX_TAG {
            return Err(malformed(format!("no layer tag at byte {at}")));
        }
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn expect_tag(&mut self, wanted: &str) -> Result<(), ConvertError> {
        let at = self.at;
        let found = self.tag()?;
        if found == wanted {
            Ok(())
        } else {
            Err(malformed(format!(
                "'{found}' at byte {at} where '{wanted}' was expected"
            )))
        }
    }

    fn expect_version(&mut self, known: &[i64], what: &str) -> Result<i64, ConvertError> {
        let at = self.at;
        let version = self.integer()?;
        if known.contains(&version) {
            Ok(version)
        } else {
            Err(malformed(format!(
                "{what} at byte {at} has the unknown version {version}"
            )))
        }
    }

    fn tensor(&mut self) -> Result<Vec<f32>, ConvertError> {
        self.expect_version(&[2], "tensor")?;
        let at = self.at;
        let mut elements = 1_usize;
        for _ in 0..4 {
            elements = elements
                .checked_mul(self.count()?)
                .ok_or_else(|| malformed(format!("impossible tensor size at byte {at}")))?;
        }
        let length = elements
            .checked_mul(4)
            .ok_or_else(|| malformed(format!("impossible tensor size at byte {at}")))?;
        let (values, _) = self.take(length)?.as_chunks::<4>();
        Ok(values
            .iter()
            .map(|&value| f32::from_le_bytes(value))
            .collect())
    }

    /// A view into a parameter tensor: its size is implied by the layer, so only its form matters.
    fn alias(&mut self) -> Result<(), ConvertError> {
        self.expect_version(&[1], "tensor view")?;
        for _ in 0..4 {
            self.count()?;
        }
        Ok(())
    }

    fn rates(&mut self) -> Result<(), ConvertError> {
        for _ in 0..4 {
            self.float()?;
        }
        Ok(())
    }

    fn pair(&mut self) -> Result<[usize; 2], ConvertError> {
        Ok([self.count()?, self.count()?])
    }

    fn pool(&mut self) -> Result<Pool, ConvertError> {
        Ok(Pool {
            kernel: self.pair()?,
            stride: self.pair()?,
            pad: self.pair()?,
        })
    }

    fn layer(&mut self) -> Result<Layer, ConvertError> {
        let at = self.at;
        let tag = self.tag()?;
        Ok(match tag.as_str() {
            "con_4" => {
                let params = self.tensor()?;
                let filters = self.count()?;
                let (kernel, stride, pad) = (self.pair()?, self.pair()?, self.pair()?);
                self.alias()?;
                self.alias()?;
                self.rates()?;
                Layer::Con {
                    filters,
                    kernel,
                    stride,
                    pad,
                    params,
                }
            }
            "affine_" => {
                let params = self.tensor()?;
                self.alias()?;
                self.alias()?;
                self.integer()?;
                Layer::Affine { params }
            }
            "relu_" => Layer::Relu,
            "max_pool_2" => Layer::MaxPool(self.pool()?),
            "avg_pool_2" => Layer::AvgPool(self.pool()?),
            "add_prev_" => Layer::AddPrev,
            "fc_2" => {
                let (outputs, inputs) = (self.count()?, self.count()?);
                let params = self.tensor()?;
                self.alias()?;
                self.alias()?;
                self.integer()?;
                self.rates()?;
                Layer::Fc {
                    inputs,
                    outputs,
                    params,
                }
            }
            _ => {
                return Err(ConvertError::UnknownOp {
                    node: format!("byte {at}"),
                    op: tag,
                });
            }
        })
    }

    /// Three flags written as the characters 0 and 1, then tensors left from training.
    fn trailer(&mut self, tensors: usize) -> Result<(), ConvertError> {
        let at = self.at;
        if !self.take(3)?.iter().all(|flag| matches!(flag, b'0' | b'1')) {
            return Err(malformed(format!("no layer flags at byte {at}")));
        }
        for _ in 0..tensors {
            self.tensor()?;
        }
        Ok(())
    }

    fn finish_innermost(&mut self) -> Result<(), ConvertError> {
        self.count().map(|_| ())
    }
}
