"""The reference models: an independent implementation of the domain rules, compared with the product on random data."""
