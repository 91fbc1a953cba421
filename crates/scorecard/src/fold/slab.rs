//! Values by slot, in blocks of fixed size: growth copies no value and never needs twice the memory.

/// Values by slot. Freed slots are reused.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    blocks: Vec<Vec<T>>,
    free: Vec<u32>,
}

/// Values of a block: 16,384, as a power of two, so that a slot splits into block and index by shift and mask.
const BLOCK_BITS: u32 = 14;
const BLOCK: usize = 1 << BLOCK_BITS;

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { blocks: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(crate) fn get(&self, slot: u32) -> &T {
        &self.blocks[(slot >> BLOCK_BITS) as usize][slot as usize & (BLOCK - 1)]
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.blocks[(slot >> BLOCK_BITS) as usize][slot as usize & (BLOCK - 1)]
    }

    /// Stores a value and returns its slot.
    pub(crate) fn put(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            *self.get_mut(slot) = value;
            return slot;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let before = (self.blocks.len() - 1) * BLOCK;
        let last = self.blocks.last_mut().expect("a block exists");
        last.push(value);
        u32::try_from(before + last.len() - 1).expect("a partition has fewer than 4 billion values")
    }

    /// Frees this slot, which must be in use.
    pub(crate) fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// All slots with their values, freed ones included.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(self.blocks.iter().flatten())
    }

    /// Bytes of all blocks and of the list of free slots.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }
}
