"""A Service Bus emulator for the unmodified azure-servicebus SDK (azure-platform.md §3)."""
