//! A value that a reload of the configuration replaces while threads use it.

use std::sync::{Arc, PoisonError, RwLock};

/// The present value. Clones share it. A thread keeps the value that it read until it reads again.
#[derive(Debug)]
pub struct Reloadable<T>(Arc<RwLock<Arc<T>>>);

impl<T> Reloadable<T> {
    /// A first value.
    #[must_use]
    pub fn new(value: impl Into<Arc<T>>) -> Reloadable<T> {
        Reloadable(Arc::new(RwLock::new(value.into())))
    }

    /// The present value.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value.
    pub fn set(&self, value: Arc<T>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }

    /// Whether this is still the present value.
    #[must_use]
    pub fn is(&self, value: &Arc<T>) -> bool {
        Arc::ptr_eq(&self.get(), value)
    }
}

impl<T> Clone for Reloadable<T> {
    fn clone(&self) -> Reloadable<T> {
        Reloadable(self.0.clone())
    }
}
