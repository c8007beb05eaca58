//! What fails under the server: its disk.

mod disk;
