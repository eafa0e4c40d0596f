"""Links through which somebody without an account hears one result, for a while."""
