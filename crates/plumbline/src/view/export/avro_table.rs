//! An Avro object container file: the schema, then blocks of rows with deflate. Every column may be null.
//!
//! Source: Apache Avro 1.12, Object Container Files.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use crate::view::export::table_row::{Cell, Column, ColumnKind, TableWriter};

const MAGIC: &[u8] = b"Obj\x01";
/// Bytes of rows in a block, before compression.
const BLOCK_BYTES: usize = 256 << 10;

/// Writes an Avro file.
pub(crate) struct AvroTable<W: Write> {
    out: W,
    /// Between blocks. It is a hash of the schema, so the same rows give the same file.
    marker: [u8; 16],
    block: Vec<u8>,
    rows: i64,
}

impl<W: Write> AvroTable<W> {
    pub(crate) fn begin(columns: &[Column], mut out: W) -> io::Result<AvroTable<W>> {
        let schema = schema(columns);
        let mut head = MAGIC.to_vec();
        long(2, &mut head);
        for (key, value) in [("avro.codec", "deflate"), ("avro.schema", &schema)] {
            text(key, &mut head);
            text(value, &mut head);
        }
        long(0, &mut head);
        let marker = xxh3_128(schema.as_bytes()).to_be_bytes();
        head.extend(marker);
        out.write_all(&head)?;
        Ok(AvroTable { out, marker, block: Vec::new(), rows: 0 })
    }

    fn write_block(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&self.block)?;
        let packed = encoder.finish()?;
        let mut head = Vec::new();
        long(self.rows, &mut head);
        length(packed.len(), &mut head);
        for part in [&head[..], &packed, &self.marker] {
            self.out.write_all(part)?;
        }
        self.block.clear();
        self.rows = 0;
        Ok(())
    }
}

impl<W: Write> TableWriter for AvroTable<W> {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for cell in cells {
            long(i64::from(*cell != Cell::Empty), &mut self.block);
            match cell {
                Cell::Empty => {}
                Cell::Text(value) => text(value, &mut self.block),
                Cell::Integer(value) => long(*value, &mut self.block),
                Cell::Real(value) => self.block.extend(value.to_le_bytes()),
            }
        }
        self.rows += 1;
        if self.block.len() >= BLOCK_BYTES { self.write_block() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.write_block()?;
        self.out.flush()
    }
}

fn schema(columns: &[Column]) -> String {
    let field = |Column { name, kind, help }: &Column| {
        let kind = match kind {
            ColumnKind::Text => "string",
            ColumnKind::Integer => "long",
            ColumnKind::Real => "double",
        };
        json!({ "name": name, "type": ["null", kind], "default": null, "doc": help })
    };
    let fields: Vec<_> = columns.iter().map(field).collect();
    json!({ "type": "record", "name": "Row", "namespace": "plumbline.export", "fields": fields }).to_string()
}

/// A zig-zag number of variable length.
fn long(value: i64, to: &mut Vec<u8>) {
    let mut rest = (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned();
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            to.push(low & 0x7f);
            return;
        }
        to.push(low | 0x80);
    }
}

fn length(bytes: usize, to: &mut Vec<u8>) {
    long(i64::try_from(bytes).expect("memory is smaller"), to);
}

fn text(value: &str, to: &mut Vec<u8>) {
    length(value.len(), to);
    to.extend(value.as_bytes());
}
