"""What XTTS GPT training needs beside attention: samples, batches, gradients, precision."""
