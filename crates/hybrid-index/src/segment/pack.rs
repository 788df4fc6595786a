//! Several named byte strings in one file: the strings, then a table of their places, its length and a mark.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use tantivy::directory::OwnedBytes;

use crate::error::IndexError;

const MARK: &[u8; 8] = b"EngSeg01";
const TAIL: usize = 4 + MARK.len();

pub type Sections = HashMap<String, OwnedBytes>;

pub fn write<'a>(
    sections: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut places: Vec<(&str, u64, u64)> = Vec::new();
    let mut at = 0;
    for (name, bytes) in sections {
        out.write_all(bytes)?;
        places.push((name, at, bytes.len() as u64));
        at += bytes.len() as u64;
    }
    let table = rmp_serde::to_vec(&places).map_err(io::Error::other)?;
    out.write_all(&table)?;
    out.write_all(&(table.len() as u32).to_le_bytes())?;
    out.write_all(MARK)
}

pub fn open(bytes: OwnedBytes) -> Result<Sections, IndexError> {
    let corrupt = |why: &str| IndexError::Corrupt(why.to_owned());
    let body = bytes.len().checked_sub(TAIL).ok_or_else(|| corrupt("it is too short"))?;
    let tail = &bytes.as_slice()[body..];
    if &tail[4..] != MARK {
        return Err(corrupt("it is no segment"));
    }
    let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]) as usize;
    let start = body.checked_sub(length).ok_or_else(|| corrupt("its table is too long"))?;
    let places: Vec<(String, u64, u64)> = rmp_serde::from_slice(&bytes.as_slice()[start..body])
        .map_err(|_| corrupt("its table cannot be read"))?;
    let mut sections = Sections::new();
    for (name, at, length) in places {
        let end = at.checked_add(length).filter(|end| *end <= start as u64);
        let end = end.ok_or_else(|| corrupt("its table points outside"))?;
        sections.insert(name, bytes.slice(at as usize..end as usize));
    }
    Ok(sections)
}
