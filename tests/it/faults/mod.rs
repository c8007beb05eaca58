//! What fails under and around the server: its disk, the lines to its clients, itself.

mod crowd;
mod descriptors;
mod disk;
mod flood;
mod guesses;
mod half_open;
mod log;
mod overload;
mod preload;
mod pressure;
mod roamer;
mod storm;
mod vanished;
mod weather;
