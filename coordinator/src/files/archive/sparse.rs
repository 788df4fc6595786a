//! Files with holes as GNU tar and bsdtar write them in the POSIX format (`GNU.sparse` 1.0): a map of the pieces stands
//! before the data.

use std::collections::VecDeque;
use std::io::{self, Read};

const BLOCK: u64 = 512;
/// Pieces of one file.
const MAX_PIECES: u64 = 100_000;

enum Piece {
    Hole(u64),
    Data(u64),
}

/// The file with its holes filled.
pub struct Sparse<R> {
    data: R,
    pieces: VecDeque<Piece>,
}

impl<R: Read> Sparse<R> {
    /// Reads the map; `size` is the file's.
    pub fn open(mut data: R, size: u64) -> io::Result<Self> {
        let mut map = Map { data: &mut data, read: 0 };
        let count = map.number()?;
        if count > MAX_PIECES {
            return Err(bad("its map of holes is too long"));
        }
        let (mut pieces, mut at) = (VecDeque::new(), 0_u64);
        for _ in 0..count {
            let (start, length) = (map.number()?, map.number()?);
            let hole = start.checked_sub(at).ok_or_else(|| bad("its map of holes is not in order"))?;
            at = start.checked_add(length).ok_or_else(|| bad("its map of holes is not in order"))?;
            pieces.extend([Piece::Hole(hole), Piece::Data(length)]);
        }
        map.skip_padding()?;
        pieces.push_back(Piece::Hole(size.checked_sub(at).ok_or_else(|| bad("its map is longer than it"))?));
        Ok(Self { data, pieces })
    }
}

impl<R: Read> Read for Sparse<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(piece) = self.pieces.front_mut() {
            let (Piece::Hole(left) | Piece::Data(left)) = piece;
            if *left == 0 {
                self.pieces.pop_front();
                continue;
            }
            let most = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            let count = match piece {
                Piece::Hole(_) => {
                    buffer[..most].fill(0);
                    most
                }
                Piece::Data(_) => self.data.read(&mut buffer[..most])?,
            };
            let (Piece::Hole(left) | Piece::Data(left)) = piece;
            *left -= count as u64;
            if count == 0 && most > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            return Ok(count);
        }
        Ok(0)
    }
}

/// The map: decimal numbers, each on a line.
struct Map<R> {
    data: R,
    read: u64,
}

impl<R: Read> Map<R> {
    fn number(&mut self) -> io::Result<u64> {
        let (mut number, mut byte) = (0_u64, [0]);
        loop {
            self.data.read_exact(&mut byte)?;
            self.read += 1;
            number = match byte[0] {
                b'\n' => return Ok(number),
                digit @ b'0'..=b'9' => number
                    .checked_mul(10)
                    .and_then(|n| n.checked_add(u64::from(digit - b'0')))
                    .ok_or_else(|| bad("a number in its map of holes is too large"))?,
                _ => return Err(bad("its map of holes is damaged")),
            };
        }
    }

    fn skip_padding(&mut self) -> io::Result<()> {
        let padding = self.read.next_multiple_of(BLOCK) - self.read;
        io::copy(&mut (&mut self.data).take(padding), &mut io::sink()).map(drop)
    }
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
