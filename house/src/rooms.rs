//! Rooms with walls: at most 25 files in a folder, imports only down the list, no circles, crates in their order.
//!
//! A *list* is the `mod` items of a `lib.rs` or of a room's file (`room.rs` next to the folder `room/`), top floor first. The way of one
//! import: `tree` finds the modules of a crate, `imports` the paths that a module names, and `order` compares their places.

pub mod check;
mod crates;
mod folders;
mod order;
mod circles;
mod imports;
mod tree;
