"""The engine that runs: a model written as LLVM code. Each file has its twin in `plain`."""
