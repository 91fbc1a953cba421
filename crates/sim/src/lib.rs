//! A seeded population with known true rates, disorderly traffic, and the brute-force answer.
