"""The store's migrations, run by `stores.migrate`."""
