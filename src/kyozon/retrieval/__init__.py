"""What is looked for in documents and how: splits, tokenises, fuses, cites. Text in, text out."""
