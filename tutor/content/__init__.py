"""Problems read, validated and judged: an answer to a part becomes a verdict."""
