from tests.addresses import address_base

__all__ = ["address_base"]
