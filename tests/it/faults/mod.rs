//! What fails under and around the server: its disk, the lines to its clients, itself.

mod disk;
mod log;
mod overload;
mod roamer;
mod storm;
mod weather;
