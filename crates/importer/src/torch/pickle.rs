//! The words of a pickle that state dictionaries are made of, and no others.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::malformed;
use crate::error::ConvertError;

/// Limit: words of one pickle; a state dictionary of ten thousand tensors stays below.
const WORDS_MAX: usize = 1_000_000;

/// Bytes that hold a tensor's elements.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Storage {
    pub(super) key: String,
    /// Bytes of one element.
    pub(super) width: usize,
}

/// A tensor as a window into a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub(super) storage: Storage,
    /// In elements.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// What a pickle can say here.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool,
    Int(i64),
    Long(Vec<u8>),
    Text(String),
    Tuple(Rc<[Value]>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// A class or function, `module.name`.
    Global(String),
    Storage(Storage),
    Tensor(View),
    /// A list or dictionary that is referred to a second time; nothing here needs to look into it.
    Again,
}

/// Reads pickles and raw bytes from the front of a file.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The stack of one pickle.
#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Value>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], ConvertError> {
        let end = self.at.saturating_add(count);
        let taken = self
            .bytes
            .get(self.at..end)
            .ok_or(ConvertError::Truncated {
                offset: self.at,
                wanted: count,
                length: self.bytes.len(),
            })?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ConvertError> {
        let taken = self.take(N)?;
        taken
            .try_into()
            .map_err(|_| malformed("a word has another length"))
    }

    fn byte(&mut self) -> Result<u8, ConvertError> {
        Ok(self.array::<1>()?[0])
    }

    fn line(&mut self) -> Result<&'a str, ConvertError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        let line = self.take(end)?;
        self.byte()?;
        std::str::from_utf8(line).map_err(|_| malformed("a name is not UTF-8"))
    }

    /// The next pickle.
    pub(super) fn pickle(&mut self) -> Result<Value, ConvertError> {
        let mut machine = Machine::default();
        for _ in 0..WORDS_MAX {
            let word = self.byte()?;
            if word == b'.' {
                return machine.pop();
            }
            self.word(word, &mut machine)?;
        }
        Err(malformed("a pickle has more than a million words"))
    }

    fn word(&mut self, word: u8, machine: &mut Machine) -> Result<(), ConvertError> {
        match word {
            0x80 => {
                self.byte()?;
            }
            b'(' => machine.marks.push(machine.stack.len()),
            b'N' => machine.push(Value::None),
            0x88 | 0x89 => machine.push(Value::Bool),
            b'K' => {
                let value = self.byte()?;
                machine.push(Value::Int(i64::from(value)));
            }
            b'M' => {
                let value = u16::from_le_bytes(self.array()?);
                machine.push(Value::Int(i64::from(value)));
            }
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                machine.push(Value::Int(i64::from(value)));
            }
            0x8a => {
                let count = usize::from(self.byte()?);
                machine.push(Value::Long(self.take(count)?.to_vec()));
            }
            b'X' => {
                let count = u32::from_le_bytes(self.array()?) as usize;
                let text = std::str::from_utf8(self.take(count)?)
                    .map_err(|_| malformed("a text is not UTF-8"))?;
                machine.push(Value::Text(text.to_owned()));
            }
            b'c' => {
                let module = self.line()?;
                machine.push(Value::Global(format!("{module}.{}", self.line()?)));
            }
            b'q' => machine.remember(u32::from(self.byte()?))?,
            b'r' => machine.remember(u32::from_le_bytes(self.array()?))?,
            b'h' => machine.recall(u32::from(self.byte()?))?,
            b'j' => machine.recall(u32::from_le_bytes(self.array()?))?,
            other => machine.build(other)?,
        }
        Ok(())
    }
}

impl Machine {
    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn pop(&mut self) -> Result<Value, ConvertError> {
        self.stack
            .pop()
            .ok_or_else(|| malformed("a pickle takes more than it has"))
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, ConvertError> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        let mark = mark.ok_or_else(|| malformed("a pickle closes what it did not open"))?;
        Ok(self.stack.split_off(mark))
    }

    fn remember(&mut self, place: u32) -> Result<(), ConvertError> {
        let value = match self.stack.last() {
            // Copies of containers inside containers could fill any memory.
            Some(Value::List(_) | Value::Dict(_)) => Value::Again,
            Some(value) => value.clone(),
            None => return Err(malformed("a pickle remembers nothing")),
        };
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<(), ConvertError> {
        let value = self.memo.get(&place).cloned();
        self.push(value.ok_or_else(|| malformed("a pickle recalls what it never said"))?);
        Ok(())
    }

    /// Words that make something of what is on the stack.
    fn build(&mut self, word: u8) -> Result<(), ConvertError> {
        match word {
            b')' => self.push(Value::Tuple(Rc::from([]))),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b't' => {
                let items = self.since_mark()?;
                self.push(Value::Tuple(items.into()));
            }
            0x85..=0x87 => {
                let count = usize::from(word - 0x84);
                let from = self.stack.len().checked_sub(count);
                let from = from.ok_or_else(|| malformed("a tuple is too short"))?;
                let items = self.stack.split_off(from);
                self.push(Value::Tuple(items.into()));
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(items)?;
            }
            b's' => {
                let from = self.stack.len().saturating_sub(2);
                let pair = self.stack.split_off(from);
                self.insert(pair)?;
            }
            b'u' => {
                let pairs = self.since_mark()?;
                self.insert(pairs)?;
            }
            // The state of the dictionary object itself: version numbers of its modules.
            b'b' => {
                self.pop()?;
            }
            b'Q' => {
                let said = self.pop()?;
                self.push(storage(&said)?);
            }
            b'R' => {
                let (arguments, called) = (self.pop()?, self.pop()?);
                self.push(call(&called, &arguments)?);
            }
            other => {
                return Err(malformed(format!(
                    "the pickle's word {other:#04x} does not belong in a state dictionary"
                )));
            }
        }
        Ok(())
    }

    fn append(&mut self, items: Vec<Value>) -> Result<(), ConvertError> {
        match self.stack.last_mut() {
            Some(Value::List(list)) => list.extend(items),
            _ => return Err(malformed("a pickle appends to what is no list")),
        }
        Ok(())
    }

    fn insert(&mut self, items: Vec<Value>) -> Result<(), ConvertError> {
        let Some(Value::Dict(entries)) = self.stack.last_mut() else {
            // Names of modules kept twice: never looked at.
            return match self.stack.last() {
                Some(Value::Again) => Ok(()),
                _ => Err(malformed("a pickle sets an entry of what is no dictionary")),
            };
        };
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            entries.push((key, value));
        }
        Ok(())
    }
}

fn storage(said: &Value) -> Result<Value, ConvertError> {
    if let Value::Tuple(items) = said
        && let [
            Value::Text(kind),
            Value::Global(class),
            Value::Text(key),
            _,
            _,
            Value::None,
        ] = &**items
        && kind == "storage"
    {
        let width = match class.as_str() {
            "torch.FloatStorage" => 4,
            "torch.LongStorage" => 8,
            other => return Err(malformed(format!("elements of {other} are not read"))),
        };
        let key = key.clone();
        return Ok(Value::Storage(Storage { key, width }));
    }
    Err(malformed("a storage is described in another way"))
}

/// The two functions a state dictionary may call.
fn call(called: &Value, arguments: &Value) -> Result<Value, ConvertError> {
    let (Value::Global(name), Value::Tuple(arguments)) = (called, arguments) else {
        return Err(malformed("a pickle calls what is no function"));
    };
    match (name.as_str(), &**arguments) {
        ("collections.OrderedDict", []) => Ok(Value::Dict(Vec::new())),
        (
            "torch._utils._rebuild_tensor_v2",
            [
                Value::Storage(storage),
                Value::Int(offset),
                Value::Tuple(shape),
                Value::Tuple(strides),
                ..,
            ],
        ) => Ok(Value::Tensor(View {
            storage: storage.clone(),
            offset: whole(*offset)?,
            shape: wholes(shape)?,
            strides: wholes(strides)?,
        })),
        _ => Err(malformed(format!(
            "the pickle calls {name}, which does not belong in a state dictionary"
        ))),
    }
}

fn whole(value: i64) -> Result<usize, ConvertError> {
    usize::try_from(value).map_err(|_| malformed("a size is negative"))
}

fn wholes(values: &[Value]) -> Result<Vec<usize>, ConvertError> {
    values
        .iter()
        .map(|value| {
            if let Value::Int(value) = value {
                whole(*value)
            } else {
                Err(malformed("a size is no number"))
            }
        })
        .collect()
}
